import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  missingPrograms,
  scratchFolder,
  storageClients,
} from '@spillway/storage-server/testing/storage-clients.ts';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { endedJobs } from './drop.ts';
import { drawnJpeg } from './pictures.ts';

const stack = inject('stack');
const tlsPort = inject('storageTlsPort');

/** What each client can do with a bucket is tried without a pipeline in `storage-server/clients.test.ts`. */
describe('a picture that is dropped into sketch/ becomes a result, by', () => {
  for (const [index, client] of storageClients.entries()) {
    const missing = missingPrograms(client);
    const name =
      missing.length > 0 ? `${client.name} (not on this machine: ${missing.join(', ')})` : client.name;
    it.skipIf(missing.length > 0)(name, async () => {
      const parent = await mkdtemp(join(tmpdir(), 'spillway-client-'));
      onTestFinished(() => rm(parent, { recursive: true, force: true }));
      const picture = join(parent, 'picture.jpg');
      await writeFile(picture, await drawnJpeg(100 + index));
      const scratch = await scratchFolder(parent, client);
      const commands = await client.open({ url: stack.storage, tlsPort: tlsPort ?? 0, scratch });

      const folder = `sketch/by ${client.name}`.replaceAll(' ', '-');
      const bucket = stack.buckets.uploads;
      const names = [`${folder}/plain.jpg`, `${folder}/packed.jpg`];
      await commands.upload(picture, `${bucket}/${names[0]}`);
      await commands.uploadPacked(picture, `${bucket}/${names[1]}`);
      for (const object of names) {
        const [job] = await endedJobs(object);
        expect(job).toMatchObject({ state: 'succeeded', operation: 'sketch', result: expect.anything() });
      }
    });
  }
});
