import { once } from 'node:events';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
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
  // A folder beside its own name, as Kubernetes mounts secrets.
  await symlink('secrets', join(folder, 'links'));
  await writeFile(join(folder, 'workload.json'), JSON.stringify({ credential_source: { file: secret } }));
  await mkdir(join(folder, 'home', '.config'), { recursive: true });
  await symlink('../../secrets', join(folder, 'home', '.config', 'gcloud'));
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
  it.each([
    ['GOOGLE_APPLICATION_CREDENTIALS', 'secrets/key.json'],
    ['GOOGLE_APPLICATION_CREDENTIALS', 'links/key.json'],
    ['GOOGLE_APPLICATION_CREDENTIALS', 'workload.json'],
    ['CREDENTIALS_DIRECTORY', 'secrets'],
    ['CLOUDSDK_CONFIG', 'secrets'],
    ['HOME', 'home'],
  ])('gets no socket, and nothing of the worker, whose %s is %s', async (variable, path) => {
    vi.stubEnv(variable, join(folder, path));
    onTestFinished(() => void vi.unstubAllEnvs());
    expect(await attempts('required')).toEqual({
      connect: 'EACCES',
      'reach the metadata server': 'EACCES',
      listen: 'EACCES',
      'open the memory of the worker': 'EACCES',
      'read the credentials of the worker': 'EACCES',
      'put a link to them in place of the result': 'EACCES',
      'read another file': 'done',
    });
  });

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

/** What the kernel does with a system call: the filter's answer. */
function answerOf(architecture: 'x64' | 'arm64', call: { arch?: number; number: number; second?: number }) {
  const program = sandboxFilter(architecture)?.program ?? Buffer.alloc(0);
  const arch = architecture === 'x64' ? 0xc000003e : 0xc00000b7;
  const data = new Map([
    [0, call.number],
    [4, call.arch ?? arch],
    [24, call.second ?? 0],
  ]);
  let word = 0;
  for (let at = 0; ; at++) {
    const value = program.readUInt32LE(at * 8 + 4);
    const jump = (condition: boolean) => program.readUInt8(at * 8 + (condition ? 2 : 3));
    const operation = program.readUInt16LE(at * 8);
    if (operation === 0x06) return value;
    if (operation === 0x20) word = data.get(value) ?? Number.NaN;
    else if (operation === 0x54) word &= value;
    else if (operation === 0x15) at += jump(word === value);
    else if (operation === 0x35) at += jump(word >= value);
    else throw new Error(`The filter has no operation ${operation}.`);
  }
}

const allowed = 0x7fff0000;
const denied = 0x0005000d;
const killed = 0x80000000;
const [stream, datagram, ordered, closeOnExec] = [1, 2, 5, 0x80000];

it.each([
  ['x64', 'socket', { number: 41 }, denied],
  ['x64', 'ptrace', { number: 101 }, denied],
  ['x64', 'bpf', { number: 321 }, denied],
  ['x64', 'io_uring_setup', { number: 425 }, denied],
  ['x64', 'process_madvise', { number: 440 }, denied],
  ['x64', 'socket, as x32', { number: 0x40000000 + 41 }, denied],
  ['x64', 'read, as x32', { number: 0x40000000 }, denied],
  ['x64', 'a call of a 32-bit program', { arch: 0x40000003, number: 359 }, killed],
  ['x64', 'read', { number: 0 }, allowed],
  ['x64', 'execve', { number: 59 }, allowed],
  ['x64', 'a pair of streams', { number: 53, second: stream | closeOnExec }, allowed],
  ['x64', 'a pair that can send to others', { number: 53, second: datagram | closeOnExec }, denied],
  ['x64', 'another pair', { number: 53, second: ordered }, denied],
  ['arm64', 'socket', { number: 198 }, denied],
  ['arm64', 'bpf', { number: 280 }, denied],
  ['arm64', 'a call of a 32-bit program', { arch: 0x40000028, number: 281 }, killed],
  ['arm64', 'read', { number: 63 }, allowed],
  ['arm64', 'a pair of streams', { number: 199, second: stream }, allowed],
  ['arm64', 'a pair that can send to others', { number: 199, second: datagram }, denied],
] as const)('on %s the filter knows %s', (architecture, _, call, answer) => {
  expect(answerOf(architecture, call)).toBe(answer);
});

it('there is no filter for a processor whose calls are not known', () => {
  expect(sandboxFilter('riscv64')).toBeNull();
});
