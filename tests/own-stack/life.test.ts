import { mkdtemp, symlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startStack } from '@spillway/emulators/stack.ts';
import { readStackOptions } from '@spillway/emulators/stack-options.ts';
import { describe, expect, it } from 'vitest';
import { ownLauncher, succeededIn, testLife } from './life-cases.ts';

const own = ownLauncher();
const root = fileURLToPath(new URL('../..', import.meta.url));
const embedded = ['--engine', 'embedded', '--vms', '1'];

describe('the local stack', () => {
  const { folder, count } = testLife('embedded', own);

  it('does what it was given before it was killed, when it is started again', async () => {
    const stack = await own().start(embedded);
    await expect.poll(() => succeededIn(stack, folder), { timeout: 120_000 }).toBe(count);
    await own().end();
  });

  it('starts where there is nothing but Node, and says in one line on what, and what would change that', async () => {
    const bin = await mkdtemp(join(own().directory, 'path-'));
    await symlink(process.execPath, join(bin, 'node'));
    const stack = await own().start(['--vms', '1'], { PATH: bin });
    expect(stack.engine).toBe('embedded');
    const lines = own()
      .output.split('\n')
      .filter((line) => line.includes('because'));
    expect(lines).toEqual([expect.stringMatching(/embedded engine, because .*Java.*apt-get install/)]);
    await own().end();
  });

  it('starts nothing when it was asked to end before it had begun', async () => {
    const options = readStackOptions([], { SPILLWAY_LOCAL_DIR: join(own().directory, 'abandoned') }, root);
    if (!options) throw new Error('Only --help has no options.');
    const said: string[] = [];
    const starting = startStack(
      { ...options, engine: 'embedded' },
      (line) => said.push(line),
      AbortSignal.abort(),
    );
    await expect(starting).rejects.toThrow('Ended before everything had started.');
    expect(said).toEqual([]);
  });

  it('says in one sentence that a port is taken, and ends', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address ? String(address.port) : '';
    await expect(own().start(embedded, { PORT: port })).rejects.toThrow(
      `Port ${port}, which PORT asks for, is taken.`,
    );
    server.close();
  });

  it('says what is wrong with an option', async () => {
    await expect(own().start(['--vms', 'many'])).rejects.toThrow(/vms/);
    await expect(own().start(['--engine', 'steam'])).rejects.toThrow(/engine/);
    await expect(own().start(['--frobnicate'])).rejects.toThrow(/Usage: npm start/);
  });
});
