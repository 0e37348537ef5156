/** Why something that was picked is not sent. */
export type LeftOutReason =
  /** A file that cannot be read: removed since, its path too long, in a cloud that is not at hand. */
  | 'file-unreadable'
  /** Of a folder's content only a part, or nothing, could be listed. */
  | 'folder-unreadable'
  | 'folder-empty'
  /** What systems and programs keep in folders for themselves. */
  | 'hidden'
  /** The browser gives neither a file nor a folder for it. */
  | 'unknown';

export interface LeftOut {
  /** With the folders it was in, as the person knows it. */
  name: string;
  why: LeftOutReason;
}

/** What came of a drop, a paste or a choice: each thing is in one of the two lists. */
export interface PickedFiles {
  files: File[];
  leftOut: LeftOut[];
}

const nothing: PickedFiles = { files: [], leftOut: [] };

/** Files that systems leave in folders and nobody means to upload. */
const systemFile = /^(\.|Thumbs\.db$|ehthumbs(_vista)?\.db$|desktop\.ini$|Icon\r$)/i;
/** Hidden, but a picture all the same, unless it only describes another file of a Mac. */
const hiddenPicture = /^\.(?!_).+\.(jpe?g|png|webp|avif|hei[cf]|gif)$/i;

/** The files of a drop or a paste, folders opened. Must be called inside the event: its items are gone afterwards. */
export async function droppedFiles(transfer: DataTransfer): Promise<PickedFiles> {
  const items = [...transfer.items].filter((item) => item.kind === 'file');
  const found = items.map((item): PickedFiles | Promise<PickedFiles> => {
    const entry = item.webkitGetAsEntry();
    const file = item.getAsFile();
    // A file that was dropped itself needs no entry, and a folder's own entry is the only way into it.
    if (file && !entry?.isDirectory) return asPicked(file);
    if (!entry) return leaveOut('One of the dropped things', 'unknown');
    // A hidden folder that was dropped itself is meant.
    return isDirectory(entry) ? readFolder(entry) : filesBelow(entry);
  });
  return together(await Promise.all(found));
}

/** The files of a paste; a pasted screenshot gets a name that tells it from the last one. */
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

/** Everything below an entry. What cannot be read costs nothing of the rest. */
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
      // A reader hands out a folder in parts, Chromium's of a hundred; an empty one is the end.
      const part = await new Promise<FileSystemEntry[]>((resolve, reject) =>
        reader.readEntries(resolve, reject),
      );
      if (part.length === 0) return { children, complete: true };
      children.push(...part);
    } catch {
      return { children, complete: false };
    }
  }
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
