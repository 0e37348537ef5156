import { describe, expect, test } from 'vitest';
import { clientNetwork } from './client-address.ts';

const socket = '10.1.2.3';

test.each([
  ['the socket, where no proxy is trusted', 0, '6.6.6.6', socket],
  ['the last entry, where one is', 1, '6.6.6.6, 203.0.113.7', '203.0.113.7'],
  ['the last but one, where two are', 2, '6.6.6.6, 203.0.113.7, 198.51.100.1', '203.0.113.7'],
  ['the socket, where the proxy wrote nothing', 1, undefined, socket],
  ['the socket, where fewer have written than are trusted', 3, '203.0.113.7', socket],
  ['the socket, where an entry is empty', 1, '203.0.113.7, ', socket],
  ['the entry without its port', 1, '203.0.113.7:4711', '203.0.113.7'],
  ['the entry without its brackets and port', 1, '[2001:db8::1]:4711', '2001:db8:0:0::/64'],
  ['one network for all nonsense', 1, 'a'.repeat(9_000), 'unknown'],
])('is told by %s', (_, trusted, forwardedFor, network) => {
  expect(clientNetwork({ remoteAddress: socket, forwardedFor }, trusted)).toBe(network);
});

describe('an address', () => {
  test.each([
    ['127.0.0.1', '127.0.0.1'],
    ['::ffff:127.0.0.1', '127.0.0.1'],
    ['::FFFF:7f00:1', '127.0.0.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:1:2::9', '2001:db8:1:2::/64'],
    ['2001:db8::', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['999.1.1.1', 'unknown'],
    ['', 'unknown'],
    [undefined, 'unknown'],
  ])('%s belongs to %s', (remoteAddress, network) => {
    expect(clientNetwork({ remoteAddress, forwardedFor: undefined }, 0)).toBe(network);
  });
});
