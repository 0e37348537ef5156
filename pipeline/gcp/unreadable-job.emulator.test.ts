import { randomUUID } from 'node:crypto';
import { schemaVersion } from '@spillway/core/job.ts';
import { expect, it, onTestFinished } from 'vitest';
import { emulatorPorts } from '../testing/emulator-ports.ts';

it('a document that is no job is named with its object, and one of a newer version is told apart', async () => {
  const { jobs, firestore, close } = emulatorPorts(`demo-unreadable-${randomUUID().slice(0, 8)}`);
  onTestFinished(close);
  const collection = firestore.collection('jobs');
  await collection.doc('broken').set({ state: 'lost', source: { name: 'sketch/cat.jpg' } });
  await collection.doc('later').set({ schemaVersion: schemaVersion + 1, state: 'dreaming' });
  await expect(jobs.get('broken')).rejects.toMatchObject({
    name: 'UnreadableDocumentError',
    isNewer: false,
    message: expect.stringMatching(/^jobs\/broken \(sketch\/cat\.jpg\) is no job: /),
  });
  await expect(jobs.get('later')).rejects.toMatchObject({ name: 'UnreadableDocumentError', isNewer: true });
});
