/** Why a picked item is not sent. */
export type LeftOutReason =
  /** A file that cannot be read: it was removed, its path is too long, or it is in a cloud that cannot be reached. */
  | 'file-unreadable'
  /** A folder that could not be listed completely. */
  | 'folder-unreadable'
  | 'folder-empty'
  /** A file that a system or a program keeps for itself. */
  | 'hidden'
  /** The browser offers neither a file nor a folder for it. */
  | 'unknown';

export type LeftOut = {
  /** The path as the person knows it, with its folders. */
  name: string;
} & (
  | { why: LeftOutReason }
  /** Workers would refuse it. `words` follow its name. */
  | { why: 'refused'; words: string }
);

/** The items of a drop, a paste or a choice. Each is in one of the two lists. */
export interface PickedFiles {
  files: File[];
  leftOut: LeftOut[];
}

const names = new Intl.Collator(undefined, { numeric: true });

const nothing: PickedFiles = { files: [], leftOut: [] };

/** Files that systems leave in folders and nobody means to upload. */
const systemFile = /^(\.|Thumbs\.db$|ehthumbs(_vista)?\.db$|desktop\.ini$|Icon\r$)/i;
/** A hidden file that is a picture, and not a Mac's description of another file. */
const hiddenPicture = /^\.(?!_).+\.(jpe?g|png|webp|avif|hei[cf]|gif)$/i;

/** The files of a drop or a paste, including those in folders. Call it during the event: its items are gone later. */
export async function droppedFiles(transfer: DataTransfer): Promise<PickedFiles> {
  const items = [...transfer.items].filter((item) => item.kind === 'file');
  const found = items.map((item): PickedFiles | Promise<PickedFiles> => {
    const entry = item.webkitGetAsEntry();
    const file = item.getAsFile();
    // A dropped file needs no entry. A folder can only be read through its entry.
    if (file && !entry?.isDirectory) return asPicked(file);
    if (!entry) return leaveOut('One of the dropped things', 'unknown');
    // A hidden folder that was dropped on purpose is read.
    return isDirectory(entry) ? readFolder(entry) : filesBelow(entry);
  });
  return together(await Promise.all(found));
}

/** The files of a paste. A pasted screenshot gets a distinct name. */
export async function pastedFiles(transfer: DataTransfer, now: Date): Promise<PickedFiles> {
  const stamp = now.toISOString().slice(0, 19).replace(/[:T]/g, '-');
  const { files, leftOut } = await droppedFiles(transfer);
  const named = files.map((file) =>
    file.name === 'image.png' ? new File([file], `pasted-${stamp}.png`, { type: file.type }) : file,
  );
  return { files: named, leftOut };
}

function asPicked(file: File): PickedFiles {
  return isHidden(file.name) ? leaveOut(file.name, 'hidden') : { files: [file], leftOut: [] };
}

/** Everything below an entry. A part that cannot be read does not affect the rest. */
async function filesBelow(entry: FileSystemEntry): Promise<PickedFiles> {
  if (isHidden(entry.name)) return leaveOut(nameOf(entry), 'hidden');
  if (isFile(entry)) return readFile(entry);
  return isDirectory(entry) ? readFolder(entry) : leaveOut(nameOf(entry), 'unknown');
}

async function readFile(entry: FileSystemFileEntry): Promise<PickedFiles> {
  try {
    const file = await new Promise<File>((resolve, reject) => entry.file(resolve, reject));
    return { files: [file], leftOut: [] };
  } catch {
    return leaveOut(nameOf(entry), 'file-unreadable');
  }
}

async function readFolder(entry: FileSystemDirectoryEntry): Promise<PickedFiles> {
  const { children, complete } = await listFolder(entry);
  const below = together(await Promise.all(children.map(filesBelow)));
  if (!complete) return together([below, leaveOut(nameOf(entry), 'folder-unreadable')]);
  return children.length > 0 ? below : leaveOut(nameOf(entry), 'folder-empty');
}

async function listFolder(
  entry: FileSystemDirectoryEntry,
): Promise<{ children: FileSystemEntry[]; complete: boolean }> {
  const reader = entry.createReader();
  const children: FileSystemEntry[] = [];
  for (;;) {
    try {
      // A reader returns a folder in parts (Chromium's has 100 entries each). An empty part is the end.
      const part = await new Promise<FileSystemEntry[]>((resolve, reject) =>
        reader.readEntries(resolve, reject),
      );
      if (part.length === 0) return { children: children.sort(byName), complete: true };
      children.push(...part);
    } catch {
      return { children: children.sort(byName), complete: false };
    }
  }
}

/** As file managers show a folder: systems list it in an order that means nothing to a person. */
function byName(a: FileSystemEntry, b: FileSystemEntry): number {
  return names.compare(a.name, b.name);
}

function isHidden(name: string): boolean {
  return systemFile.test(name) && !hiddenPicture.test(name);
}

/** `/holiday/a.jpg` is `holiday/a.jpg`. */
function nameOf(entry: FileSystemEntry): string {
  return entry.fullPath.replace(/^\//, '') || entry.name;
}

function leaveOut(name: string, why: LeftOutReason): PickedFiles {
  return { files: [], leftOut: [{ name, why }] };
}

function together(parts: PickedFiles[]): PickedFiles {
  if (parts.length === 0) return nothing;
  return {
    files: parts.flatMap(({ files }) => files),
    leftOut: parts.flatMap(({ leftOut }) => leftOut),
  };
}

function isFile(entry: FileSystemEntry): entry is FileSystemFileEntry {
  return entry.isFile;
}

function isDirectory(entry: FileSystemEntry): entry is FileSystemDirectoryEntry {
  return entry.isDirectory;
}
