import { routingSettingsSchema } from '@spillway/core/settings.ts';
import { steadyStats } from '@spillway/core/testing/learned-service.ts';
import { seededRandom } from '@spillway/core/testing/seeded-random.ts';
import type { FinalizedObject } from '@spillway/core/uploads.ts';
import { describe, expect, it } from 'vitest';
import { routeUpload } from './route.ts';
import { unevenPorts } from './testing/uneven-ports.ts';
import { workbench } from './testing/workbench.ts';

const uploads = 100;

/** How old each upload is, in milliseconds, when the routers hear of all of them at once. */
type Ages = (index: number, random: () => number) => number;

interface Burst {
  /** Nothing: one router takes up one upload after another. */
  seed?: number;
  ages?: Ages;
  /** A sketch takes this many times its prior of 150 ms. */
  ratio?: number;
  owners?: number;
  /** Turns of the event loop between two events; routing takes about a hundred. */
  apart?: number;
}

/** Routes a burst, and tells how many jobs went to the VMs: two slots, beside a Cloud Run that is warm and large. */
async function burst({
  seed,
  ages = () => 0,
  ratio = 1,
  owners = uploads,
  apart = 0,
}: Burst): Promise<number> {
  const random = seededRandom(seed ?? 0);
  const routing = routingSettingsSchema.parse({ confidence: 0, run: { maxInstances: uploads } });
  const bench = await workbench({ routing });
  const perOperation = { sketch: steadyStats(ratio) };
  await bench.beats({ perOperation });
  await bench.beats({ id: 'run-1', kind: 'run', slots: uploads, perOperation });
  const { webUploads } = bench.ports.buckets;
  const objects = Array.from({ length: uploads }, (_, index): FinalizedObject => {
    const name = `visitor-${index % owners}/${index}.jpg`;
    const object = bench.ports.blobs.upload(webUploads, name, Buffer.from('x'), { operation: 'sketch' });
    return { ...object, timeCreated: new Date(object.timeCreated.getTime() - ages(index, random)) };
  });
  if (seed === undefined) {
    for (const object of objects) await routeUpload(object, null, bench.ports);
  } else {
    const routers = [1, 2, 3, 4].map(() => unevenPorts(bench.ports, random));
    const routed = objects.map(async (object, index) => {
      for (let ticks = apart * index; ticks > 0; ticks--) await null;
      return routeUpload(object, null, routers[index % 4] ?? bench.ports);
    });
    await Promise.all(routed);
  }
  const { vm, run } = bench.ports.queue.messages;
  expect(vm.length + run.length).toBe(uploads);
  return vm.length;
}

describe('a burst of 100 uploads', () => {
  // Each waits 100 ms for its delivery and 75 ms for each before it, and takes 150 ms, within 2000 ms.
  const room = Math.floor((2_000 - 100 - 150) / 75) + 1;
  const seeds = [1, 2, 3, 4, 5, 6];
  const inOrder: Ages = (index) => uploads - index;

  it('fills the VMs and spills the rest', async () => {
    expect(await burst({ ages: inOrder })).toBe(room);
    expect(await burst({ ages: inOrder, owners: 1 })).toBe(room);
  });

  it.each([0, 2, 6, 20])('is shared by several routers as by one (events %i turns apart)', async (apart) => {
    for (const seed of seeds) {
      for (const owners of [1, uploads]) {
        const onVms = await burst({ seed, apart, owners, ages: inOrder });
        expect(onVms).toBeGreaterThanOrEqual(room - 1);
        expect(onVms).toBeLessThanOrEqual(room + 1);
      }
    }
  });

  it('of one millisecond, where each stands before the other, overbooks nothing either', async () => {
    for (const seed of seeds) expect(await burst({ seed, apart: 2 })).toBeLessThanOrEqual(room + 1);
  });

  it.each([30, 100, 300])(
    'whose events come out of order by up to %i ms is shared all the same',
    async (ms) => {
      const ages: Ages = (_, random) => Math.floor(random() * ms);
      for (const seed of seeds) {
        const onVms = await burst({ seed, apart: 6, ages });
        expect(onVms).toBeGreaterThanOrEqual(room - 2);
        expect(onVms).toBeLessThanOrEqual(room + 1);
      }
    },
  );

  it('of jobs that take three times what is assumed of them overbooks nothing, once that is learned', async () => {
    const slowRoom = await burst({ ratio: 3, ages: inOrder });
    for (const seed of seeds) {
      expect(await burst({ seed, apart: 2, ratio: 3, ages: inOrder })).toBeLessThanOrEqual(slowRoom + 1);
    }
  });
});
