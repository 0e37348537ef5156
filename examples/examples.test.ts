import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';

const stack = inject('stack');
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spillway-examples-'));
  await writeFile(join(folder, 'stack.json'), JSON.stringify(stack));
  await sharp({ create: { width: 320, height: 240, channels: 3, background: 'tomato' } })
    .jpeg()
    .toFile(join(folder, 'tomato.jpg'));
  await writeFile(join(folder, 'note.jpg'), 'No picture.');
});

afterAll(() => rm(folder, { recursive: true, force: true }));

/** Starts an example as a person would, in a folder with pictures. */
function start(script: string, ...args: string[]): ChildProcess {
  const path = fileURLToPath(new URL(script, import.meta.url));
  return spawn(process.execPath, [path, ...args], {
    cwd: folder,
    env: { ...process.env, SPILLWAY_LOCAL_DIR: folder, METADATA_SERVER_DETECTION: 'none' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

async function run(script: string, ...args: string[]) {
  const child = start(script, ...args);
  const { stdout, stderr } = child;
  if (!stdout || !stderr) throw new Error('The example has no output.');
  const [printed, complained, [code]] = await Promise.all([text(stdout), text(stderr), once(child, 'close')]);
  return { printed, complained, code };
}

it('a file that is dropped becomes a result with a receipt', async () => {
  const { printed, complained, code } = await run('drop-a-file.mjs', 'tomato.jpg', 'sketch');
  expect(complained).toBe('');
  expect(code).toBe(0);
  expect(printed).toMatch(/^tomato\.sketch\.png: made on (vm|run), because /);
  const { width, height } = await sharp(join(folder, 'tomato.sketch.png')).metadata();
  expect({ width, height }).toEqual({ width: 320, height: 240 });
});

it('a file that is no picture gets a report with a code', async () => {
  const { complained, code } = await run('drop-a-file.mjs', 'note.jpg', 'sketch');
  expect(code).toBe(1);
  expect(complained).toMatch(/^\w+: .+/);
});

it('a listener hears how a job ends', async () => {
  const listener = start('listen-for-ends.mjs', 'caption/tomato.jpg');
  if (!listener.stdout) throw new Error('The example has no output.');
  const lines = createInterface(listener.stdout)[Symbol.asyncIterator]();
  expect((await lines.next()).value).toBe('Listening.');
  const heard = (async () => {
    for (;;) {
      const { value, done } = await lines.next();
      if (done || value.includes('of caption/tomato.jpg')) return value;
    }
  })();
  await run('drop-a-file.mjs', 'tomato.jpg', 'caption');
  expect(await heard).toMatch(
    /^succeeded: caption of caption\/tomato\.jpg: caption\/tomato\.\d+\.\w{8}\.json$/,
  );
  if (listener.exitCode === null) await once(listener, 'exit');
  expect(listener.exitCode).toBe(0);
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
  const { printed, complained, code } = await run('use-the-api.mjs', 'tomato.jpg', 'sketch');
  delete process.env.SPILLWAY_KEY;
  expect(complained).toBe('');
  expect(code).toBe(0);
  expect(printed).toMatch(/^tomato\.sketch\.png: \d+ ms/m);
});

const hasTools = ['curl', 'jq'].every((tool) => spawnSync(tool, ['--version']).status === 0);

it.skipIf(!hasTools)('the commands of docs/integrate.md upload a picture and fetch its result', async () => {
  const page = await readFile(new URL('../docs/integrate.md', import.meta.url), 'utf8');
  const commands = /```sh\n(site=[^`]+)```/.exec(page)?.[1] ?? '';
  const here = commands
    .replace(/^site=.*$/m, `site=${stack.web}`)
    .replace(/^key=.*$/m, `key=${await makeKey('commands')}`)
    .replaceAll('cat.jpg', 'tomato.jpg');
  // With a socket for its input, which Node's pipes are, bash takes itself for a remote shell and reads its start files.
  const bash = ['--norc', '-euo', 'pipefail', '-c', here];
  const child = spawn('bash', bash, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  const [complained, [code]] = await Promise.all([text(child.stderr), once(child, 'close')]);
  expect([complained, code]).toEqual(['', 0]);
  expect((await sharp(join(folder, 'cat.png')).metadata()).width).toBe(320);
});

it('results can be had over the HTTP API', async () => {
  const { printed, complained, code } = await run('use-the-api.mjs', 'tomato.jpg', 'sketch', 'caption');
  expect(complained).toBe('');
  expect(code).toBe(0);
  expect(printed).toMatch(/^tomato\.sketch\.png: \d+ ms/m);
  const caption = JSON.parse(await readFile(join(folder, 'tomato.caption.json'), 'utf8'));
  expect(caption.caption).toMatch(/\w+ \w+/);
});
