import { OutageError } from '@spillway/core/errors.ts';
import { sampleJob } from '@spillway/core/testing/sample-job.ts';
import * as transitions from '@spillway/core/transitions.ts';
import { openDatabase } from '../database.ts';
import { createEmbeddedDocuments } from '../document-ports.ts';

/**
 * A process of its own that creates jobs and takes each to its end until it is killed, and tells its parent of every write
 * that was answered.
 */
export interface Answered {
  id: string;
  revision: number;
}

const [path = '', name = ''] = process.argv.slice(2);
const database = await openDatabase(path);
const { jobs } = createEmbeddedDocuments(database, { info() {}, warn() {}, error() {} }, (item) => {
  throw new OutageError(`${item} cannot be read.`);
});
process.on('disconnect', () => process.exit(0));

for (let index = 0; ; index++) {
  const { stored } = await jobs.create(sampleJob({ id: `${name}-${index}`, owner: name }));
  await answered(stored.job);
  let last = stored;
  const now = new Date();
  const claim = { worker: name, token: 't', expiresAt: now };
  for (const next of [
    transitions.published(stored.job, now),
    { ...stored.job, state: 'processing' as const, claim },
    transitions.cancelled(stored.job, now),
    transitions.followed(transitions.cancelled(stored.job, now), ['event'], now),
  ]) {
    last = (await jobs.replace(last, next)) ?? last;
    await answered(last.job);
  }
}

async function answered({ id, revision }: Answered): Promise<void> {
  process.send?.({ id, revision } satisfies Answered);
  // Messages to the parent leave between two turns of the event loop.
  await new Promise((resolve) => setImmediate(resolve));
}
