import { describe, expect, it } from 'vitest';
import { leftOutSummary, leftOutWords } from './left-out-words.ts';
import { droppedFiles, type LeftOutReason, pastedFiles } from './picked-files.ts';

/** A tree as a browser hands it out: everything asynchronous, a folder in parts of a hundred. */
interface Tree {
  [name: string]: string | Error | Tree;
}

const gone = new DOMException('A requested file or directory could not be found.', 'NotFoundError');
const partsOf = 100;

function entryOf(name: string, node: Tree[string], parent = ''): FileSystemEntry {
  const fullPath = `${parent}/${name}`;
  const base = { name, fullPath, isFile: false, isDirectory: false };
  if (typeof node === 'string' || node instanceof Error) {
    const file = (resolve: (file: File) => void, reject: (error: Error) => void) =>
      queueMicrotask(() => (node instanceof Error ? reject(node) : resolve(new File([node], name))));
    return { ...base, isFile: true, file } as unknown as FileSystemFileEntry;
  }
  const createReader = () => {
    const rest = Object.entries(node).map(([child, below]) => entryOf(child, below, fullPath));
    const readEntries = (resolve: (entries: FileSystemEntry[]) => void, reject: (error: Error) => void) =>
      queueMicrotask(() => {
        const end = rest.findIndex((entry) => entry.name === unlistable);
        if (end === 0) reject(gone);
        else resolve(rest.splice(0, end > 0 ? Math.min(end, partsOf) : partsOf));
      });
    return { readEntries };
  };
  return { ...base, isDirectory: true, createReader } as unknown as FileSystemDirectoryEntry;
}

/** Where a folder's listing breaks off. */
const unlistable = 'the listing breaks here';

function dropOf(things: Tree): DataTransfer {
  const items = Object.entries(things).map(([name, node]) => ({
    kind: 'file',
    webkitGetAsEntry: () => entryOf(name, node),
    getAsFile: () => (typeof node === 'string' ? new File([node], name) : null),
  }));
  return { items } as unknown as DataTransfer;
}

async function pick(things: Tree) {
  const { files, leftOut } = await droppedFiles(dropOf(things));
  return { names: files.map(({ name }) => name), leftOut };
}

describe('a drop', () => {
  it('of a folder with one unreadable file sends the others and names that one', async () => {
    const { names, leftOut } = await pick({
      holiday: { 'a.jpg': 'a', 'b.jpg': gone, day2: { 'c.jpg': 'c', 'd.jpg': gone } },
      'e.jpg': 'e',
    });
    expect(names).toEqual(['a.jpg', 'c.jpg', 'e.jpg']);
    expect(leftOut).toEqual([
      { name: 'holiday/b.jpg', why: 'file-unreadable' },
      { name: 'holiday/day2/d.jpg', why: 'file-unreadable' },
    ]);
  });

  it('of a folder that cannot be listed to its end sends what was found, and names the folder', async () => {
    const { names, leftOut } = await pick({
      card: { 'a.jpg': 'a', [unlistable]: '', 'b.jpg': 'b' },
      locked: { [unlistable]: '' },
      'c.jpg': 'c',
    });
    expect(names).toEqual(['a.jpg', 'c.jpg']);
    expect(leftOut).toEqual([
      { name: 'card', why: 'folder-unreadable' },
      { name: 'locked', why: 'folder-unreadable' },
    ]);
  });

  it('of more files than a browser lists at once keeps all of them', async () => {
    const many = Object.fromEntries(Array.from({ length: 250 }, (_, at) => [`${at}.jpg`, 'x']));
    const { names, leftOut } = await pick({ many });
    // As a person counts, and not as a text: 2 before 10.
    expect(names).toEqual(Object.keys(many));
    expect(leftOut).toEqual([]);
  });

  it('names empty folders, and what systems keep for themselves', async () => {
    const { names, leftOut } = await pick({
      empty: {},
      album: {
        '.DS_Store': 'x',
        'Thumbs.db': 'x',
        '._a.jpg': 'x',
        '.git': { config: 'x' },
        '.kept.jpg': 'x',
        inner: {},
      },
    });
    expect(names).toEqual(['.kept.jpg']);
    expect(leftOut).toEqual([
      { name: 'empty', why: 'folder-empty' },
      { name: 'album/._a.jpg', why: 'hidden' },
      { name: 'album/.DS_Store', why: 'hidden' },
      { name: 'album/.git', why: 'hidden' },
      { name: 'album/inner', why: 'folder-empty' },
      { name: 'album/Thumbs.db', why: 'hidden' },
    ]);
  });

  it('opens a hidden folder that was dropped itself', async () => {
    expect((await pick({ '.photos': { 'a.jpg': 'a' } })).names).toEqual(['a.jpg']);
  });

  it('keeps files of one name apart, empty ones, and what is no picture: each gets its card', async () => {
    const { names, leftOut } = await pick({ a: { 'x.jpg': 'a' }, b: { 'x.jpg': '' }, 'notes.txt': 'n' });
    expect(names).toEqual(['x.jpg', 'x.jpg', 'notes.txt']);
    expect(leftOut).toEqual([]);
  });

  it('speaks of a thing that is neither file nor folder', async () => {
    const item = { kind: 'file', webkitGetAsEntry: () => null, getAsFile: () => null };
    const words = { kind: 'string', webkitGetAsEntry: () => null, getAsFile: () => null };
    const { files, leftOut } = await droppedFiles({ items: [item, words] } as unknown as DataTransfer);
    expect(files).toEqual([]);
    expect(leftOut).toEqual([{ name: 'One of the dropped things', why: 'unknown' }]);
  });

  it('loses nothing: what goes in comes out, as a file or by name', async () => {
    const things: Tree = {};
    for (let at = 0; at < 60; at++) things[`${at}.jpg`] = at % 3 === 0 ? gone : 'x';
    const { names, leftOut } = await pick({ folder: things });
    const told = [...names, ...leftOut.map(({ name }) => name.replace('folder/', ''))];
    expect(told.sort()).toEqual(Object.keys(things).sort());
  });
});

it('a pasted screenshot gets a name of its own, and a pasted folder is opened', async () => {
  const pasted = dropOf({ 'image.png': 'x', folder: { 'b.jpg': 'b', 'c.jpg': gone } });
  const { files, leftOut } = await pastedFiles(pasted, new Date('2026-01-02T03:04:05Z'));
  expect(files.map(({ name }) => name)).toEqual(['pasted-2026-01-02-03-04-05.png', 'b.jpg']);
  expect(leftOut).toEqual([{ name: 'folder/c.jpg', why: 'file-unreadable' }]);
});

describe('the words', () => {
  const unreadable = (count: number) =>
    Array.from({ length: count }, (_, at) => ({ name: `${at}.jpg`, why: 'file-unreadable' as const }));

  it('name what was missed, and count the rest', () => {
    expect(leftOutSummary([])).toBeNull();
    expect(leftOutSummary(unreadable(1))).toBe('Not sent: 0.jpg could not be read.');
    expect(leftOutSummary([...unreadable(5), { name: '.DS_Store', why: 'hidden' }])).toBe(
      'Not sent: 0.jpg could not be read. 1.jpg could not be read. 2.jpg could not be read. And 2 more.',
    );
    expect(leftOutSummary([{ name: '.DS_Store', why: 'hidden' }])).toBe('1 hidden or empty thing left out.');
  });

  it('say of each reason what it means', () => {
    const reasons: LeftOutReason[] = [
      'file-unreadable',
      'folder-unreadable',
      'folder-empty',
      'hidden',
      'unknown',
    ];
    expect(new Set(reasons.map((why) => leftOutWords({ name: 'a', why }))).size).toBe(reasons.length);
  });
});
