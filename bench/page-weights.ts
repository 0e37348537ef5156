import { readdir, readFile } from 'node:fs/promises';
import { basename, join, relative, sep } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';

/** The JavaScript of one page of the built site. Sizes are bytes by brotli, as the site sends them. */
export interface PageWeight {
  /** Address, such as `/dashboard/jobs/`. */
  page: string;
  /** Files that the page loads before anything is pressed, the largest first. */
  initial: ScriptFile[];
  /** Files that the page can load later. */
  lazy: ScriptFile[];
}

export interface ScriptFile {
  name: string;
  bytes: number;
}

const staticImport = /(?:\bfrom|\bimport)\s*["'`]\.\/([^"'`]+\.js)["'`]/g;
const lazyImport = /\bimport\(\s*["'`]\.\/([^"'`]+\.js)["'`]\s*\)/g;
/** Scripts, and the modules of islands with what draws them. */
const referred = /(?:src|href|component-url|renderer-url|before-hydration-url)="\/_astro\/([^"]+\.js)"/g;

/** Follows the imports of every page's scripts. @param dist The folder of the built site. */
export async function pageWeights(dist: string): Promise<PageWeight[]> {
  const names = (await readdir(join(dist, '_astro'))).filter((name) => name.endsWith('.js'));
  const texts = new Map<string, string>();
  for (const name of names) texts.set(name, await readFile(join(dist, '_astro', name), 'utf8'));
  const found = (name: string, pattern: RegExp) =>
    [...(texts.get(name) ?? '').matchAll(pattern)].map(([, imported = '']) => basename(imported));
  const closure = (from: readonly string[], patterns: readonly RegExp[]) => {
    const reached = new Set(from);
    for (const name of reached)
      for (const each of patterns.flatMap((pattern) => found(name, pattern))) reached.add(each);
    return reached;
  };
  const sizes = new Map([...texts].map(([name, text]) => [name, sentBytes(text)]));
  const files = (wanted: Iterable<string>) =>
    [...wanted]
      .map((name) => ({ name, bytes: sizes.get(name) ?? 0 }))
      .sort((a, b) => b.bytes - a.bytes || a.name.localeCompare(b.name));

  const entries = await readdir(dist, { recursive: true, withFileTypes: true });
  const pages = entries.filter((entry) => entry.isFile() && entry.name.endsWith('.html'));
  const weights = await Promise.all(
    pages.map(async ({ parentPath, name }) => {
      const path = join(parentPath, name);
      const html = await readFile(path, 'utf8');
      const scripts = [...html.matchAll(referred)].map(([, script = '']) => script);
      const initial = closure(scripts, [staticImport]);
      const all = closure(scripts, [staticImport, lazyImport]);
      const page = `/${relative(dist, path)
        .split(sep)
        .join('/')
        .replace(/index\.html$/, '')}`;
      return { page, initial: files(initial), lazy: files([...all].filter((name) => !initial.has(name))) };
    }),
  );
  return weights.sort((a, b) => a.page.localeCompare(b.page));
}

/** The quality with which the site compresses its files. @see web/static-site.ts */
const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } };
/** Smaller files are sent as they are. */
const smallestCompressed = 1_024;

function sentBytes(text: string): number {
  const bytes = Buffer.from(text);
  return bytes.length < smallestCompressed ? bytes.length : brotliCompressSync(bytes, quality).length;
}

export function sumOf(files: readonly ScriptFile[]): number {
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}
