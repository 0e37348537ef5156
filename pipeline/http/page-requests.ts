import type { IncomingHttpHeaders } from 'node:http';

/**
 * Whether a web page makes this request, and not a program or a person who typed the address. Browsers say so
 * themselves, in headers that a page's code cannot change: https://www.w3.org/TR/fetch-metadata/. Those that are too old
 * for `Sec-Fetch-Site` send `Origin` with whatever a page could read the answer of, or write with.
 */
export function isFromPage(headers: IncomingHttpHeaders): boolean {
  const site = headers['sec-fetch-site'];
  return headers.origin !== undefined || (site !== undefined && site !== 'none');
}

/**
 * Whether a request reached this machine by a name of this machine. A page whose own name was made to lead here (DNS
 * rebinding) reads answers as its own, and only `Host` tells. Before HTTP/1.1 requests had none, and browsers send it.
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
