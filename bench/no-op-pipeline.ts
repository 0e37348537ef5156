import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PubSub } from '@google-cloud/pubsub';
import type { GoogleStack } from '@spillway/emulators/stack.ts';
import { topicNames } from '@spillway/pipeline/topics.ts';
import { type Measured, type Throughput, throughputAt } from './embedded/throughput.ts';
import { drawPhoto } from './photos.ts';
import { usageOfTree } from './process-tree.ts';
import { withStack } from './stack-jobs.ts';

const queues = [10, 1_000] as const;
const size = { vms: 2, slots: 2, runMax: 0 };
const operations = fileURLToPath(new URL('embedded/no-op', import.meta.url));
/** Few, since the emulator of Firestore looks at all documents that are stored for each query. */
const load = { jobs: 200, warmUps: 200 };

/**
 * Jobs a second, and processor time per job, of an operation that does nothing: on the local stack with Google's
 * emulators and everything on. Each length of the line has a stack of its own, which has nothing stored at first.
 */
export async function noOpPipeline({ json }: { json: boolean }): Promise<void> {
  const rows: Throughput[] = [];
  for (const queued of queues) {
    const row = await withStack({ ...size, operations }, async ({ stack, directory }) => {
      const photo = join(directory, 'photo.jpg');
      await drawPhoto(64, 64, 3, photo);
      const watched = await watch(stack);
      try {
        return await throughputAt(watched, queued, {
          ...load,
          name: 'no-op/many',
          bytes: await readFile(photo),
        });
      } finally {
        await watched.close();
      }
    });
    rows.push(row);
    if (!json) console.log(lineOf(row));
  }
  if (json) console.log(JSON.stringify(rows, null, 2));
}

/** Ends are counted by a subscription to their events: a query would have the emulator look at every document. */
async function watch(stack: GoogleStack): Promise<Measured & { close(): Promise<void> }> {
  const { project, pubsub: apiEndpoint, storage, buckets, pids } = stack;
  const pubsub = new PubSub({ projectId: project, apiEndpoint, emulatorMode: true });
  const [subscription] = await pubsub.topic(topicNames.events).createSubscription('bench-ends');
  let ended = 0;
  subscription.on('message', (message) => {
    ended++;
    message.ack();
  });
  return {
    storage,
    buckets,
    endedSince: () => ended,
    async cpuSeconds() {
      const { launcher: _, emulators = 0, ...ours } = pids;
      const used = await Promise.all(Object.values(ours).map(usageOfTree));
      return {
        "Google's emulators": (await usageOfTree(emulators)).cpuSeconds,
        'our programs': used.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
      };
    },
    async close() {
      await subscription.close();
      await pubsub.close();
    },
  };
}

const one = (value: number) => value.toFixed(1);

function lineOf({ queued, jobs, jobsPerSecond, median }: Throughput): string {
  const shares = Object.entries(median.cpuMsPerJobOf).map(([whose, ms]) => `${whose} ${one(ms)}`);
  return `${queued} open: ${one(median.jobsPerSecond)} jobs a second (${jobsPerSecond.map(one).join(', ')} in rounds of ${jobs}), processor per job ${one(median.cpuMsPerJob)} ms (${shares.join(', ')})`;
}
