import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { publicSource } from './public-source.ts';
import { entryAt } from './testing/entries.ts';
import { serveFile } from './testing/file-server.ts';

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

test('a file that is read some time after it was opened is there in full', async () => {
  const content = Buffer.alloc(400_000, 7);
  const server = await serveFile(content);
  const entry = entryAt(server.url);
  const [file] = entry.files;
  if (!file) throw new Error('The entry has no file.');
  const nothing = { bytes: 0, version: null };
  const opened = await publicSource.open(entry.name, file, nothing, new AbortController().signal);
  // What runs after a collection, such as the cancelling of forgotten responses, has had its turn then.
  for (let round = 0; round < 5; round++) {
    collectGarbage();
    await nextTurn();
  }
  const parts: Uint8Array[] = [];
  for await (const part of opened.content) parts.push(part);
  expect(Buffer.concat(parts)).toEqual(content);
});
