import { createHash } from 'node:crypto';

/**
 * What a page may load and talk to: this site, the bucket that takes uploads, and its own inline scripts.
 * @param storageOrigin Null where the bucket is reached through this site.
 */
export function contentSecurityPolicy(scriptHashes: string[], storageOrigin: string | null): string {
  const storage = storageOrigin === null ? [] : [storageOrigin];
  const directives = {
    'default-src': ["'self'"],
    'script-src': ["'self'", ...scriptHashes.map((hash) => `'${hash}'`)],
    // Charts and sliders set styles of elements, which no hash can name.
    'style-src': ["'self'", "'unsafe-inline'"],
    // Large pictures come from the bucket itself.
    'img-src': ["'self'", 'blob:', 'data:', ...storage],
    'connect-src': ["'self'", ...storage],
    'object-src': ["'none'"],
    'base-uri': ["'none'"],
    'form-action': ["'self'"],
    'frame-ancestors': ["'none'"],
  };
  return Object.entries(directives)
    .map(([name, sources]) => `${name} ${sources.join(' ')}`)
    .join('; ');
}

/** Hashes of a page's inline scripts, in the form of a policy. */
export function inlineScriptHashes(html: string): string[] {
  const hashes = new Set<string>();
  for (const [, attributes, text] of html.matchAll(/<script\b([^>]*)>([\s\S]*?)<\/script\s*>/gi)) {
    if (text === undefined || /(^|\s)src\s*=/i.test(attributes ?? '')) continue;
    hashes.add(`sha256-${createHash('sha256').update(text).digest('base64')}`);
  }
  return [...hashes];
}
