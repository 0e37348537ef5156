import type { Sniffer } from '@spillway/core/file-kind.ts';
import { sizeRefusal } from '@spillway/core/file-size.ts';
import { dimensionRefusal } from '@spillway/core/picture-limits.ts';
import { pictureTypeOf, unknownKind } from '@spillway/core/picture-signature.ts';
import type { PictureType } from '@spillway/core/picture-types.ts';
import { imageDimensionsFromData } from 'image-dimensions';
import type { LeftOut } from './picked-files.ts';

/** Some files of a drop, in its order, after a look at their first bytes. */
export interface CheckedFiles {
  good: File[];
  leftOut: LeftOut[];
}

/** Files that are looked at together. The first cards appear after that many, however large the drop is. */
const filesAtOnce = 64;
/** Where nearly every format says how large its picture is. */
const headBytes = 64 * 1_024;
/** Where long metadata comes before that. */
const longHeadBytes = 256 * 1_024;
/** A file of a cloud drive may be fetched when it is read. It is then checked by what is known of it. Milliseconds. */
const patienceMs = 5_000;

/**
 * Looks at the files that a person has picked, before a byte of them is sent: what no worker would take is left out, with
 * the reason. The workers' input gate has the same list and limits (core/file-kind.ts, core/picture-limits.ts).
 */
export async function* checkFiles(files: readonly File[]): AsyncGenerator<CheckedFiles> {
  for (let from = 0; from < files.length; from += filesAtOnce) {
    const some = files.slice(from, from + filesAtOnce);
    const verdicts = await Promise.all(some.map(leftOutOf));
    yield {
      good: some.filter((_, at) => verdicts[at] === null),
      leftOut: verdicts.filter((verdict) => verdict !== null),
    };
  }
}

/** Why the file is not sent; null where it is. */
async function leftOutOf(file: File): Promise<LeftOut | null> {
  const name = file.webkitRelativePath || file.name;
  try {
    const words = await withinPatience(refusalOf(file));
    return words === null ? null : { name, why: 'refused', words };
  } catch {
    return { name, why: 'file-unreadable' };
  }
}

async function withinPatience(look: Promise<string | null>): Promise<string | null> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tooLong = new Promise<null>((resolve) => {
    timer = setTimeout(resolve, patienceMs, null);
  });
  return Promise.race([look, tooLong]).finally(() => clearTimeout(timer));
}

/** Why workers would refuse the file, to follow its name; null where the first bytes show no reason. Throws if it cannot be read. */
async function refusalOf(file: Blob): Promise<string | null> {
  const start = await bytesOf(file, 0, headBytes);
  const refusal = sizeRefusal(file.size);
  if (refusal) return afterName(refusal.message);
  const type = pictureTypeOf(start) ?? (await typeOfAnother(file));
  if (typeof type !== 'string')
    return `is ${type.name}${type.name.startsWith('of ') ? '' : ', and no picture that can be worked on'}.`;
  return refusalOfPicture(file, type, start);
}

/** What a file without a picture's signature is: now and then a picture all the same. */
async function typeOfAnother(file: Blob): Promise<PictureType | { name: string }> {
  // Most people never need it. While the line is down, a file gets a vaguer name.
  const code = await import('@spillway/core/file-kind.ts').catch(() => null);
  if (code === null) return { name: unknownKind };
  const { fileKindOf, mostLooked, signatureAtEnd } = code;
  const [start, end] = await Promise.all([
    bytesOf(file, 0, mostLooked),
    bytesOf(file, Math.max(0, file.size - signatureAtEnd), file.size),
  ]);
  const kind = await fileKindOf({ start, end, size: file.size }, await loadSniffer());
  return kind.kind === 'picture' ? kind.type : { name: kind.name };
}

/** Its names are more exact. */
async function loadSniffer(): Promise<Sniffer> {
  try {
    return (await import('file-type')).fileTypeFromBuffer;
  } catch {
    return async () => undefined;
  }
}

async function refusalOfPicture(file: Blob, type: PictureType, start: Uint8Array): Promise<string | null> {
  const longer = file.size > headBytes && !dimensionsOf(start);
  const head = longer ? await bytesOf(file, 0, longHeadBytes) : start;
  const size = dimensionsOf(head);
  if (size) {
    const refusal = dimensionRefusal(size);
    return refusal && afterName(refusal.message);
  }
  return file.size <= head.length && endsEarly(type, head)
    ? 'is cut off: it ends before its picture begins.'
    : null;
}

/** Whether a whole file that says no size of its picture was cut off. Any doubt is left to the workers. */
function endsEarly(type: PictureType, file: Uint8Array): boolean {
  switch (type) {
    case 'jpeg':
    case 'png':
    case 'gif':
      return true;
    case 'webp':
      // Of a RIFF file, the second four bytes are the length of what follows.
      return file.length < 20 || new DataView(file.buffer).getUint32(4, true) + 8 > file.length;
    case 'avif':
    case 'heic':
      // Boxes may come in an order that only a decoder follows.
      return false;
    default:
      return type satisfies never;
  }
}

function dimensionsOf(head: Uint8Array): { width: number; height: number } | null {
  try {
    const size = imageDimensionsFromData(head);
    return size && size.width > 0 && size.height > 0 ? size : null;
  } catch {
    return null;
  }
}

async function bytesOf(file: Blob, from: number, to: number): Promise<Uint8Array> {
  return new Uint8Array(await file.slice(from, to).arrayBuffer());
}

/** `The file is empty.` becomes `is empty.` */
function afterName(message: string): string {
  return message.replace(/^The (file|picture) /, '');
}
