import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { expect, it } from 'vitest';
import { examplesFolder } from './testing/run-example.ts';

const folder = examplesFolder();

it('a listener hears how a job ends', async () => {
  const listener = folder.start('listen-for-ends.mjs', 'caption/tomato.jpg');
  if (!listener.stdout) throw new Error('The example has no output.');
  const lines = createInterface(listener.stdout)[Symbol.asyncIterator]();
  expect((await lines.next()).value).toBe('Listening.');
  const heard = (async () => {
    for (;;) {
      const { value, done } = await lines.next();
      if (done || value.includes('of caption/tomato.jpg')) return value;
    }
  })();
  await folder.run('drop-a-file.mjs', 'tomato.jpg', 'caption');
  expect(await heard).toMatch(
    /^succeeded: caption of caption\/tomato\.jpg: caption\/tomato\.\d+\.\w{8}\.json$/,
  );
  if (listener.exitCode === null) await once(listener, 'exit');
  expect(listener.exitCode).toBe(0);
});
