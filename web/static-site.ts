import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { hasCode } from '@spillway/core/errors.ts';
import type { Context } from 'hono';
import { contentSecurityPolicy, inlineScriptHashes } from './content-security-policy.ts';
import { isWrongAddress } from './page-queries.ts';
import type { SitePages } from './site-pages.ts';

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.xml': 'application/xml',
  '.txt': 'text/plain; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.webp': 'image/webp',
  '.avif': 'image/avif',
  '.gif': 'image/gif',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
};
/** Under it, file names carry a hash of their content. */
const hashedPrefix = '/_astro/';
/** Smaller ones gain less than the header costs. */
const smallestCompressed = 1_024;

interface Page {
  bytes: Buffer<ArrayBuffer>;
  encoded: Partial<Record<'br' | 'gzip', Buffer<ArrayBuffer>>>;
  headers: Record<string, string>;
}

export interface StaticSite {
  /** Answers any GET or HEAD that is not the API's; `onPage` is told of each HTML page before it goes out. */
  respond(c: Context, onPage: () => void): Response;
}

/**
 * Loads a built site into memory, compressed and with its headers made: it is small, and a request can then reach
 * no other file. Throws a sentence that says how to build it where there is none.
 * @param storageOrigin Another origin that takes uploads; null where this site does.
 */
export async function loadStaticSite(
  directory: string,
  storageOrigin: string | null,
  served: SitePages = 'all',
): Promise<StaticSite> {
  const pages = new Map<string, Page>();
  const paths = await listFiles(directory);
  if (!paths.includes(join(directory, 'index.html'))) throw notBuilt(directory);
  for (const path of paths) {
    const url = `/${relative(directory, path).split(sep).join('/')}`;
    if (isServed(url, served))
      pages.set(url, await loadPage(url, await readFile(path), storageOrigin, served));
  }

  return {
    respond(c, onPage) {
      const path = decodedPath(c.req.path);
      if (path === '/' && served === 'admin') return c.redirect('/dashboard/', 302);
      const found = pages.get(path.endsWith('/') ? `${pageFor(path)}index.html` : path);
      if (found) {
        const isWrong = isWrongAddress(path, new URL(c.req.url).searchParams);
        return send(c, found, isWrong ? 400 : 200, onPage);
      }
      if (pages.has(`${pageFor(`${path}/`)}index.html`)) return c.redirect(`${c.req.path}/`, 308);
      const missing = pages.get('/404.html');
      return missing ? send(c, missing, 404, onPage) : c.text('There is no such page.', 404);
    },
  };
}

/** One page is built for the addresses of all jobs; its script reads the id. */
function pageFor(folder: string): string {
  return folder.replace(/^\/dashboard\/jobs\/\w{1,64}\/$/, '/dashboard/job/');
}

function send(c: Context, page: Page, status: 200 | 400 | 404, onPage: () => void): Response {
  if (page.headers['Content-Type'] === types['.html']) onPage();
  for (const [name, value] of Object.entries(page.headers)) c.header(name, value);
  const known = c.req
    .header('if-none-match')
    ?.split(',')
    .map((tag) => tag.trim().replace(/^W\//, ''));
  if (status === 200 && page.headers.ETag && known?.includes(page.headers.ETag)) return c.body(null, 304);
  const accepted = c.req.header('accept-encoding') ?? '';
  const encoding = (['br', 'gzip'] as const).find((each) => page.encoded[each] && accepts(accepted, each));
  if (encoding) c.header('Content-Encoding', encoding);
  const bytes = (encoding && page.encoded[encoding]) ?? page.bytes;
  c.header('Content-Length', String(bytes.length));
  return c.req.method === 'HEAD' ? c.body(null, status) : c.body(bytes, status);
}

async function loadPage(
  url: string,
  file: Buffer<ArrayBuffer>,
  storageOrigin: string | null,
  served: SitePages,
): Promise<Page> {
  const type = types[extname(url)] ?? 'application/octet-stream';
  const isHtml = type === types['.html'];
  const bytes = isHtml ? withPagesNamed(file, served) : file;
  const compressed = bytes.length >= smallestCompressed && /^text\/|json|xml|javascript/.test(type);
  const headers: Record<string, string> = {
    'Content-Type': type,
    'Cache-Control': url.startsWith(hashedPrefix)
      ? 'public, max-age=31536000, immutable'
      : // Pages set cookies, so no cache that is shared may keep one.
        `${isHtml ? 'private' : 'public'}, no-cache`,
    ETag: `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`,
    ...(compressed ? { Vary: 'Accept-Encoding' } : {}),
  };
  if (isHtml) {
    const hashes = inlineScriptHashes(bytes.toString('utf8'));
    headers['Content-Security-Policy'] = contentSecurityPolicy(hashes, storageOrigin);
  }
  if (!compressed) return { bytes, encoded: {}, headers };
  const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } };
  const [br, zipped] = await Promise.all([promisify(brotliCompress)(bytes, quality), promisify(gzip)(bytes)]);
  return { bytes, encoded: { br, gzip: zipped }, headers };
}

/** Scripts and styles are shared by all pages. */
function isServed(url: string, served: SitePages): boolean {
  switch (served) {
    case 'all':
      return true;
    case 'visitors':
      return !url.startsWith('/dashboard/');
    case 'admin':
      return url !== '/index.html' && !url.startsWith('/samples/') && !url.startsWith('/shared/');
    default:
      return served satisfies never;
  }
}

/** The pages are built once for every service; by this their style hides the links to what a service does not have. */
function withPagesNamed(html: Buffer<ArrayBuffer>, served: SitePages): Buffer<ArrayBuffer> {
  return Buffer.from(html.toString('utf8').replace('data-pages="all"', `data-pages="${served}"`));
}

async function listFiles(directory: string): Promise<string[]> {
  try {
    const entries = await readdir(directory, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  } catch (error) {
    if (hasCode(error, 'ENOENT')) throw notBuilt(directory);
    throw error;
  }
}

function notBuilt(directory: string): Error {
  return new Error(
    `The site is not built: there are no pages in ${directory}. Build it with: npm run build -w web`,
  );
}

function accepts(header: string, encoding: string): boolean {
  return header
    .split(',')
    .map((part) => part.trim().split(/\s*;\s*/))
    .some(([name, weight]) => name === encoding && !/^q=0(\.0*)?$/.test(weight ?? ''));
}

function decodedPath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
