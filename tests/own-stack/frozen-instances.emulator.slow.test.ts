import { readFile } from 'node:fs/promises';
import { descendants } from '@spillway/supervisor/processes.ts';
import { expect, it } from 'vitest';
import { drawnJpeg } from '../pictures.ts';
import { waitForEnd } from '../stack-client.ts';
import { ownStack } from './own-stack.ts';

const count = 200;
const alone = 10;
// The distance to the services adds nothing here but time.
const own = ownStack({ vms: 0, slots: 1, runMax: 3, likeCloud: true, latencyMs: 0 });

/** Whether there are instances, and all their processes stand still. The shells that guard them do not. */
async function allStandStill(): Promise<boolean> {
  const pids = descendants(own().stack.pids['cloud-run'] ?? 0);
  const stats = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')));
  const states = stats.flatMap((stat) => /\((?!sh\)).*\) (\w)/.exec(stat)?.[1] ?? []);
  return states.length >= 2 && states.every((state) => state === 'T');
}

it('jobs go through instances that stand still between requests: none fails for it, none is tried twice', async () => {
  const { client } = own();
  const picture = await drawnJpeg(1, 64, 48);
  const drop = (index: number) => client.drop(`sketch/${index}.jpg`, picture);

  // One by one at first, so that instances surely stand still in between.
  for (let index = 0; index < alone; index++) {
    await drop(index);
    await client.endedJobs(`sketch/${index}.jpg`, 1, 60_000);
    if (process.platform === 'linux') await expect.poll(allStandStill, { interval: 50 }).toBe(true);
  }
  for (let index = alone; index < count; index += 10) {
    await Promise.all(Array.from({ length: 10 }, (_, offset) => drop(index + offset)));
  }
  const all = await waitForEnd(() => client.allJobs(), count, 200_000);
  expect(all.map(({ state, attempt }) => `${state} ${attempt}`)).toEqual(all.map(() => 'succeeded 1'));
  expect(new Set(all.map(({ route }) => route.target))).toEqual(new Set(['run']));
  // Instances have names of their own, although each believes to be on `localhost`.
  const workers = [...new Set(all.map(({ claim }) => claim?.worker))];
  const named = expect.stringMatching(/^spillway-worker-00001-abc-\w{12}$/);
  expect(workers).toEqual(workers.map(() => named));
  expect(workers.length).toBeGreaterThan(1);
}, 300_000);
