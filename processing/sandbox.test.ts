import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { startChild } from './child.ts';
import { defaultInputLimits } from './input-limits.ts';
import { launchOf, type SandboxRule } from './sandbox.ts';
import { sandboxFilter } from './sandbox-filter.ts';

const prisoner = fileURLToPath(new URL('./testing/prisoner.ts', import.meta.url));
const settings = {
  threads: 1,
  models: { folder: 'none' },
  plugins: [],
  warmUp: [],
  limits: defaultInputLimits,
};
/** Why this machine has no sandboxes; null where it has them. */
const lack =
  process.platform === 'linux' && launchOf('required').kind === 'sandboxed' ? null : 'no sandboxes here';

let folder: string;
let task: string;
let secret: string;
const server = createServer((socket) => socket.end());

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spillway-sandbox-'));
  task = join(folder, 'task');
  secret = join(folder, 'secrets', 'key.json');
  await mkdir(join(folder, 'secrets'));
  await writeFile(secret, 'a key');
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  await writeFile(task, JSON.stringify({ port: typeof address === 'object' ? address?.port : 0, secret }));
});
afterAll(async () => {
  server.close();
  await rm(folder, { recursive: true });
});

/** What a child whose decoder was taken over could do. */
async function attempts(sandbox: SandboxRule): Promise<Record<string, string>> {
  const program = { script: prisoner, temporary: null, sandbox };
  const child = await startChild(program, settings, new AbortController().signal);
  onTestFinished(() => child.kill());
  const job = { operation: 'sketch', options: {}, inputPath: task, outputPath: join(folder, 'out') };
  const outcome = await child.run(job);
  return JSON.parse(outcome.kind === 'permanent' ? outcome.message : '{}');
}

describe.skipIf(lack !== null)('a child in a sandbox', () => {
  it.each(['GOOGLE_APPLICATION_CREDENTIALS', 'CREDENTIALS_DIRECTORY'])(
    'gets no socket, and nothing of the worker, whose %s it cannot read',
    async (variable) => {
      vi.stubEnv(variable, variable.endsWith('DIRECTORY') ? join(folder, 'secrets') : secret);
      onTestFinished(() => void vi.unstubAllEnvs());
      expect(await attempts('required')).toEqual({
        connect: 'EACCES',
        'reach the metadata server': 'EACCES',
        listen: 'EACCES',
        'open the memory of the worker': 'EACCES',
        'read the credentials of the worker': 'EACCES',
        'read another file': 'done',
      });
    },
  );

  it('is what keeps it from that', async () => {
    expect(await attempts('off')).toMatchObject({
      connect: 'done',
      listen: 'done',
      'read the credentials of the worker': 'done',
    });
  });
});

it('a child whose sandbox is required and does not hold is no child, and the worker is told why', async () => {
  const script = join(folder, 'leaves.mjs');
  await writeFile(script, 'process.exit(71);');
  const starting = startChild(
    { script, temporary: null, sandbox: 'where_possible' },
    settings,
    new AbortController().signal,
  );
  await expect(starting).rejects.toMatchObject({
    name: 'BrokenChild',
    message: expect.stringContaining('Its sandbox is required and does not hold on this machine'),
  });
});

it.each(['x64', 'arm64'] as const)(
  'the filter of %s jumps to its last instruction for what it denies',
  (architecture) => {
    const program = sandboxFilter(architecture)?.program ?? Buffer.alloc(0);
    const count = program.length / 8;
    const at = (index: number) => ({
      operation: program.readUInt16LE(index * 8),
      whenTrue: program.readUInt8(index * 8 + 2),
      value: program.readUInt32LE(index * 8 + 4),
    });
    expect(at(count - 1)).toMatchObject({ operation: 0x06, value: 0x0005000d });
    expect(at(count - 2)).toMatchObject({ operation: 0x06, value: 0x7fff0000 });
    for (let index = 4; index < count - 2; index++) expect(index + 1 + at(index).whenTrue).toBe(count - 1);
  },
);

it('there is no filter for a processor whose calls are not known', () => {
  expect(sandboxFilter('riscv64')).toBeNull();
});
