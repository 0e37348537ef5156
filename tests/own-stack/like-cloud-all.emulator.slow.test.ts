import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** A run of its own: a project of this one would have its stack running beside all the other slow tests. */
it('the tests of the stack pass against one that is started with --like-cloud, too', async () => {
  const args = ['vitest', 'run', '--config', 'vitest.like-cloud.config.ts'];
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('VITEST'));
  const child = spawn('npx', args, { cwd: root, env: Object.fromEntries(inherited) });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data: Buffer) => {
      output += data.toString('utf8');
    });
  }
  const [code] = await once(child, 'close');
  expect(code, output).toBe(0);
});
