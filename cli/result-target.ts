import { readdir } from 'node:fs/promises';
import { basename, dirname, extname, join, sep } from 'node:path';
import { manifestOf, type OperationName } from '@spillway/core/operations.ts';
import {
  extensionOf,
  type PictureFormat,
  pictureFormats,
  pictureTypes,
  type ResultExtension,
} from '@spillway/core/picture-types.ts';
import { isPictureName } from './folder.ts';
import { type Input, identityOf, lookAt } from './input.ts';
import { earlierResults, resultName, resultStems } from './result-names.ts';
import { openFileNumber } from './standard-stream.ts';
import { UsageError } from './usage-error.ts';

/** The meaning of `--out`. */
export type Out =
  /** `--out` was not given: results go beside their inputs. */
  | { kind: 'beside' }
  | { kind: 'folder'; path: string }
  /** `extension`: the format that the name asks for; null if it has none. */
  | { kind: 'file'; path: string; extension: ResultExtension | null }
  /** A pipe or a device: it is written to and never replaced. */
  | { kind: 'stream'; path: string };

/** Extensions as people type them, and the format that each means. */
const typedExtensions = new Map<string, ResultExtension>([
  ...pictureFormats.flatMap((format) =>
    pictureTypes[format].extensions.map((typed) => [`.${typed}`, extensionOf(format)] as const),
  ),
  ['.json', 'json'],
  ['.txt', 'txt'],
]);

/** What the option `format` is called for the extension of a picture. */
export function formatOf(extension: ResultExtension | null): PictureFormat | undefined {
  return pictureFormats.find((format) => extensionOf(format) === extension);
}

/**
 * @param forFolder Whether the input is a folder, whose results need a folder too.
 * @throws UsageError if a result cannot or must not be written there.
 */
export async function readOut(
  out: string | null,
  operation: OperationName,
  forFolder: boolean,
): Promise<Out> {
  if (out === null) return { kind: 'beside' };
  if (out === '') throw new UsageError('--out is empty: name a file or a folder.');
  const target = await findTarget(out);
  if (target.kind === 'folder') return { kind: 'folder', path: out };
  if (forFolder) return newFolder(out, target);
  return target.kind === 'stream' ? { kind: 'stream', path: out } : namedFile(out, operation);
}

type Target = { kind: 'folder' } | { kind: 'stream' } | { kind: 'file'; exists: boolean };

async function findTarget(out: string): Promise<Target> {
  if (openFileNumber(out) !== null) return { kind: 'stream' };
  const asFolder = out.endsWith('/') || out.endsWith(sep);
  const found = await lookAt(out);
  switch (found.kind) {
    case 'absent':
      return asFolder ? { kind: 'folder' } : { kind: 'file', exists: false };
    case 'broken link':
      if (asFolder) throw new UsageError(`The result cannot go to ${out}: it ${found.problem}.`);
      return { kind: 'file', exists: true };
    case 'problem':
      throw new UsageError(`The result cannot go to ${out}: it ${found.problem}.`);
    case 'found': {
      const { stats } = found;
      if (stats.isDirectory()) return { kind: 'folder' };
      if (stats.isFIFO() || stats.isCharacterDevice()) return { kind: 'stream' };
      if (stats.isFile()) return { kind: 'file', exists: true };
      throw new UsageError(`The result cannot go to ${out}: it is neither a file, a folder nor a pipe.`);
    }
    default:
      return found satisfies never;
  }
}

/** A path that does not exist becomes a folder, unless its name is a picture's. */
function newFolder(path: string, target: Exclude<Target, { kind: 'folder' }>): Out {
  if (target.kind === 'file' && !target.exists && !typedExtensions.has(extname(path).toLowerCase())) {
    return { kind: 'folder', path };
  }
  const hint = target.kind === 'file' && !target.exists ? ` End it with a slash to make one: ${path}/` : '';
  throw new UsageError(`The input is a folder, so --out must name one too, and ${path} is none.${hint}`);
}

function namedFile(path: string, operation: OperationName): Out {
  const typed = extname(path).toLowerCase();
  if (typed === '') return { kind: 'file', path, extension: null };
  const extension = typedExtensions.get(typed);
  const possible = extensionsOf(operation);
  if (extension && possible.includes(extension)) return { kind: 'file', path, extension };
  const made = possible.map((one) => `.${one}`).join(', ');
  throw new UsageError(`${operation} makes no ${typed} file: ${path} must end with ${made}.`);
}

/** The forms that a result can have. The headline of a JSON document can be had alone, as text. */
function extensionsOf(operation: OperationName): ResultExtension[] {
  const { produces } = manifestOf(operation);
  switch (produces.kind) {
    case 'picture':
      return produces.formats.map(extensionOf);
    case 'json':
      return produces.headline === undefined ? ['json'] : ['json', 'txt'];
    case 'text':
      return ['txt'];
    default:
      return produces satisfies never;
  }
}

/** Words are printed where `--out` is not given; pictures never are. */
export function isPrinted(operation: OperationName): boolean {
  return manifestOf(operation).produces.kind !== 'picture';
}

/** The destination of one input's result. */
export type Destination =
  /** Printed and not stored. */
  | { kind: 'nowhere' }
  /** `stem` is the path without operation and extension. */
  | { kind: 'stem'; stem: string }
  | Extract<Out, { kind: 'file' | 'stream' }>;

/** The destination for a single input. Nothing is beside a stream, so its result is printed. */
export async function destinationOf(
  { kind, path }: Input,
  operation: OperationName,
  out: Out,
): Promise<Destination> {
  switch (out.kind) {
    case 'file':
    case 'stream':
      return out;
    case 'beside':
      if (isPrinted(operation)) return { kind: 'nowhere' };
      if (kind === 'stream') return { kind: 'stream', path: '/dev/stdout' };
      return { kind: 'stem', stem: join(dirname(path), await stemOf(path)) };
    case 'folder':
      return { kind: 'stem', stem: join(out.path, kind === 'stream' ? 'stdin' : await stemOf(path)) };
    default:
      return out satisfies never;
  }
}

/** The name that the result gets if its whole folder is the input, so that both ways give the same names. */
async function stemOf(input: string): Promise<string> {
  const own = basename(input);
  const beside = await readdir(dirname(input)).catch(() => []);
  const pictures = beside.filter(isPictureName);
  const results = earlierResults(pictures);
  const names = [...new Set([own, ...pictures.filter((name) => !results.has(name))])].sort();
  return resultStems(names)[names.indexOf(own)] ?? own;
}

/** The destinations for all pictures of a folder, in the order of their names. */
export function destinationsOf(
  folder: string,
  names: readonly string[],
  operation: OperationName,
  out: Out,
): Destination[] {
  if (isPrinted(operation) && out.kind === 'beside') return names.map(() => ({ kind: 'nowhere' }));
  const root = out.kind === 'folder' ? out.path : folder;
  return resultStems(names).map((stem) => ({ kind: 'stem', stem: join(root, stem) }));
}

/** The path of a result whose format is known. */
export function pathAt(stem: string, operation: OperationName, extension: ResultExtension): string {
  return resultName(stem, operation, extension);
}

/** @throws UsageError if `--out` is the input, even by another name. */
export async function mustNotBeInput(out: Out, input: string): Promise<void> {
  if (out.kind !== 'file') return;
  const [target, source] = await Promise.all([lookAt(out.path), lookAt(input)]);
  if (target.kind !== 'found' || source.kind !== 'found') return;
  if (identityOf(target.stats) !== identityOf(source.stats)) return;
  throw new UsageError(`The result cannot go to ${out.path}: that is the input, which would be lost.`);
}
