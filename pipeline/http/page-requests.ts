import type { IncomingHttpHeaders } from 'node:http';

/**
 * Whether a web page makes this request, and not a program or a person who typed the address. Browsers say so in
 * headers that a page's code cannot change. Browsers without `Sec-Fetch-Site` send `Origin` with every request that
 * could write, or whose answer a page could read.
 * @see https://www.w3.org/TR/fetch-metadata/
 */
export function isFromPage(headers: IncomingHttpHeaders): boolean {
  const site = headers['sec-fetch-site'];
  return headers.origin !== undefined || (site !== undefined && site !== 'none');
}

/**
 * Whether a request reached this machine by one of the machine's own names. A page can point its own name at this
 * machine (DNS rebinding) and then read the answers; only `Host` shows that. Requests before HTTP/1.1 have no `Host`,
 * but browsers always send it.
 * @param more Names beside those of the loopback interface.
 */
export function isForThisMachine(host: string | undefined, more: readonly string[] = []): boolean {
  if (host === undefined) return true;
  const [, name = ''] = /^(\[[0-9a-f:.]+\]|[^:[\]]+)(?::\d{1,5})?$/i.exec(host) ?? [];
  const plain = name.toLowerCase().replace(/\.$/, '');
  return (
    plain === 'localhost' || plain === '[::1]' || /^127(\.\d{1,3}){3}$/.test(plain) || more.includes(plain)
  );
}
