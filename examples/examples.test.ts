import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { unzipped } from '@spillway/web/api/test-batches.ts';
import sharp from 'sharp';
import { expect, inject, it } from 'vitest';
import { examplesFolder } from './testing/run-example.ts';

const stack = inject('stack');
const folder = examplesFolder();

it('a file that is dropped becomes a result with a receipt', async () => {
  const { printed, complained, code } = await folder.run('drop-a-file.mjs', 'tomato.jpg', 'sketch');
  expect(complained).toBe('');
  expect(code).toBe(0);
  expect(printed).toMatch(/^tomato\.sketch\.png: made on (vm|run), because /);
  const { width, height } = await sharp(join(folder.path(), 'tomato.sketch.png')).metadata();
  expect({ width, height }).toEqual({ width: 320, height: 240 });
});

it('a file that is no picture gets a report with a code', async () => {
  const { complained, code } = await folder.run('drop-a-file.mjs', 'note.jpg', 'sketch');
  expect(code).toBe(1);
  expect(complained).toMatch(/^\w+: .+/);
});

/** A key with which a program may upload and read, as an admin makes it. */
async function makeKey(owner: string): Promise<string> {
  const token = new URLSearchParams(new URL(stack.adminUrl).hash.slice(1)).get('token');
  const response = await fetch(`${stack.web}/api/v1/admin/keys`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'Example', owner, scopes: ['upload', 'read'] }),
  });
  expect(response.status).toBe(201);
  return (await response.json()).text;
}

it('results can be had over the HTTP API with a key', async () => {
  process.env.SPILLWAY_KEY = await makeKey('example');
  const { printed, complained, code } = await folder.run('use-the-api.mjs', 'tomato.jpg', 'sketch');
  delete process.env.SPILLWAY_KEY;
  expect(complained).toBe('');
  expect(code).toBe(0);
  expect(printed).toMatch(/^tomato\.sketch\.png: \d+ ms/m);
});

const hasTools = ['curl', 'jq'].every((tool) => spawnSync(tool, ['--version']).status === 0);

it.skipIf(!hasTools)('the commands of docs/integrate.md upload a picture and fetch its result', async () => {
  const page = await readFile(new URL('../docs/integrate.md', import.meta.url), 'utf8');
  const [first, ofBatch] = [/```sh\n(site=[^`]+)```/, /```sh\n(batch=[^`]+)```/].map(
    (block) => block.exec(page)?.[1] ?? '',
  );
  const commands = `${first}${ofBatch}`;
  const here = commands
    .replace(/^site=.*$/m, `site=${stack.web}`)
    .replace(/^key=.*$/m, `key=${await makeKey('commands')}`)
    .replaceAll('cat.jpg', 'tomato.jpg');
  // With a socket for its input, which Node's pipes are, bash takes itself for a remote shell and reads its start files.
  const bash = ['--norc', '-euo', 'pipefail', '-c', here];
  const child = spawn('bash', bash, { cwd: folder.path(), stdio: ['ignore', 'pipe', 'pipe'] });
  const [complained, [code]] = await Promise.all([text(child.stderr), once(child, 'close')]);
  expect([complained, code]).toEqual(['', 0]);
  expect((await sharp(join(folder.path(), 'cat.png')).metadata()).width).toBe(320);
  const archive = await unzipped(await readFile(join(folder.path(), 'pictures.zip')));
  expect([...archive.keys()]).toEqual(['tomato-sketch.png', 'receipts/tomato-sketch.receipt.json']);
});

it('results can be had over the HTTP API', async () => {
  const { printed, complained, code } = await folder.run(
    'use-the-api.mjs',
    'tomato.jpg',
    'sketch',
    'caption',
  );
  expect(complained).toBe('');
  expect(code).toBe(0);
  expect(printed).toMatch(/^tomato\.sketch\.png: \d+ ms/m);
  const caption = JSON.parse(await readFile(join(folder.path(), 'tomato.caption.json'), 'utf8'));
  expect(caption.caption).toMatch(/\w+ \w+/);
});
