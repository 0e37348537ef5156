import { readStackFile } from '@spillway/pipeline/stack-file.ts';
import { expect, it } from 'vitest';
import { drawnJpeg } from '../pictures.ts';
import { ownStack } from './own-stack.ts';

const own = ownStack({ vms: 2, slots: 1, runMax: 2 });

it('emulators that are killed, with all that they hold, cost no upload', async () => {
  const { client, directory } = own();
  const picture = await drawnJpeg(1, 1_200, 900);
  const file = await readStackFile(directory);
  for (let index = 0; index < 12; index++) {
    if (index === 6) process.kill(file?.pids.emulators ?? 0, 'SIGKILL');
    await client.drop(`sketch/emulators/${index}.jpg`, picture);
  }
  const results = client.storage.bucket(client.stack.buckets.results);
  const receipts = async () => {
    const [files] = await results.getFiles({ prefix: 'sketch/emulators/' });
    return files.filter(({ name }) => name.endsWith('.receipt.json')).length;
  };
  await expect.poll(receipts, { timeout: 120_000, interval: 500 }).toBe(12);
});
