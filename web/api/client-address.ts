import { isIP } from 'node:net';

export interface Connection {
  /** Of the socket; undefined where it is closed already. */
  remoteAddress: string | undefined;
  /** The header X-Forwarded-For. */
  forwardedFor: string | undefined;
}

/**
 * The network that a request comes from, by which visitors without a name are told apart: an IPv4 address, or the
 * first 64 bits of an IPv6 address, since a household has all that follow.
 *
 * Each proxy appends the address that it was called from to X-Forwarded-For; what comes before it is whatever the
 * client wrote. So the entry of the outermost of our own `trustedProxies` is believed, and with none of them the
 * socket alone.
 */
export function clientNetwork({ remoteAddress, forwardedFor }: Connection, trustedProxies: number): string {
  if (trustedProxies === 0) return networkOf(remoteAddress ?? '');
  const hops = (forwardedFor ?? '').split(',');
  return networkOf(hops.at(-trustedProxies)?.trim() || remoteAddress || '');
}

/** What is no address is one network of its own, so that nobody gains by writing nonsense. */
function networkOf(text: string): string {
  // Some proxies add the port, and local addresses name their interface.
  const bare = /^\[(.*)\](?::\d+)?$/.exec(text)?.[1] ?? text.replace(/^(\d+(?:\.\d+){3}):\d+$/, '$1');
  const address = bare.replace(/%.*$/, '');
  switch (isIP(address)) {
    case 4:
      return address;
    case 6:
      return networkOfIpv6(address);
    default:
      return 'unknown';
  }
}

function networkOfIpv6(address: string): string {
  // The URL parser writes an address in its shortest form, in hexadecimal throughout.
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail ? tail.split(':') : [];
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0');
  const groups = [...before, ...zeros, ...after];
  const mapped = groups.slice(0, 5).every((group) => group === '0') && groups[5] === 'ffff';
  return mapped ? ipv4Of(groups.slice(6)) : `${groups.slice(0, 4).join(':')}::/64`;
}

/** `7f00`, `1` is 127.0.0.1. */
function ipv4Of(groups: string[]): string {
  return groups
    .map((group) => Number.parseInt(group, 16))
    .flatMap((number) => [number >> 8, number & 0xff])
    .join('.');
}
