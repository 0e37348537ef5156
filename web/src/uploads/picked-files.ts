/** Files that systems leave in folders and nobody means to upload. */
const litter = /^(\.|Thumbs\.db$|desktop\.ini$)/i;

/** The files of a drop, folders opened. Must be called inside the event: its items are gone afterwards. */
export async function droppedFiles(transfer: DataTransfer): Promise<File[]> {
  const items = [...transfer.items].filter((item) => item.kind === 'file');
  const found = items.map((item) => {
    const entry = item.webkitGetAsEntry();
    const file = item.getAsFile();
    return entry?.isDirectory ? filesBelow(entry) : Promise.resolve(file ? [file] : []);
  });
  return withoutLitter((await Promise.all(found)).flat());
}

/** The files of a paste; a pasted screenshot gets a name that tells it from the last one. */
export function pastedFiles(transfer: DataTransfer, now: Date): File[] {
  const stamp = now.toISOString().slice(0, 19).replace(/[:T]/g, '-');
  return [...transfer.files].map((file) =>
    file.name === 'image.png' ? new File([file], `pasted-${stamp}.png`, { type: file.type }) : file,
  );
}

function withoutLitter(files: File[]): File[] {
  return files.filter((file) => !litter.test(file.name));
}

async function filesBelow(entry: FileSystemEntry): Promise<File[]> {
  if (isFile(entry)) return [await new Promise<File>((resolve, reject) => entry.file(resolve, reject))];
  if (!isDirectory(entry)) return [];
  const reader = entry.createReader();
  const children: FileSystemEntry[] = [];
  for (;;) {
    // A reader hands out a folder in parts; an empty one is the end.
    const part = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (part.length === 0) break;
    children.push(...part);
  }
  return (await Promise.all(children.map(filesBelow))).flat();
}

function isFile(entry: FileSystemEntry): entry is FileSystemFileEntry {
  return entry.isFile;
}

function isDirectory(entry: FileSystemEntry): entry is FileSystemDirectoryEntry {
  return entry.isDirectory;
}
