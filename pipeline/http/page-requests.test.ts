import { expect, it } from 'vitest';
import { isForThisMachine, isFromPage } from './page-requests.ts';

it.each([
  ['127.0.0.1:9199', true],
  ['127.0.0.1', true],
  ['127.1.2.3:1', true],
  ['localhost:9199', true],
  ['LocalHost.', true],
  ['[::1]:9199', true],
  ['storage.internal:80', true],
  [undefined, true],
  ['evil.example', false],
  ['evil.example:9199', false],
  ['127.0.0.1.evil.example:9199', false],
  ['127.evil.example', false],
  ['localhost.evil.example', false],
  ['evil-localhost', false],
  ['localhost:9199@evil.example', false],
  ['evil.example#localhost', false],
  ['localhost, evil.example', false],
  ['[::1]evil', false],
  ['[::2]:9199', false],
  ['0.0.0.0:9199', false],
  ['192.168.1.7:9199', false],
  ['', false],
])('Host: %s leads to this machine: %s', (host, local) => {
  expect(isForThisMachine(host, ['storage.internal'])).toBe(local);
});

it.each([
  [{}, false],
  [{ 'sec-fetch-site': 'none' }, false],
  [{ 'sec-fetch-mode': 'cors' }, false],
  [{ origin: 'null' }, true],
  [{ origin: 'http://127.0.0.1:4321' }, true],
  [{ 'sec-fetch-site': 'cross-site' }, true],
  [{ 'sec-fetch-site': 'same-site' }, true],
  [{ 'sec-fetch-site': 'same-origin' }, true],
])('%j comes from a page: %s', (headers, page) => {
  expect(isFromPage(headers)).toBe(page);
});
