import { randomUUID } from 'node:crypto';
import { Firestore, Timestamp } from '@google-cloud/firestore';
import { routingSettingsSchema } from '@spillway/core/settings.ts';
import { sampleWorker } from '@spillway/core/testing/sample-worker.ts';
import type { FinalizedObject } from '@spillway/core/uploads.ts';
import { expect, it, onTestFinished } from 'vitest';
import { createMemoryQueue } from '../memory/ports.ts';
import { routeUpload } from '../route.ts';
import { emulatorPorts } from '../testing/emulator-ports.ts';

const uploads = 100;
const room = 20;
/** The largest picture. */
const pixels = 16_384 ** 2;
/** 150 ms and 50 ms for each megapixel, and the margin that is added while nothing is learned. */
const sketchMs = 1.1575 * (150 + (50 * pixels) / 1e6);

/**
 * Routers of one database, each with a connection of its own; what they publish goes nowhere. Their clocks
 * do not move: a hundred decisions take longer on a busy machine, and fewer jobs would then be in time.
 */
function routersOf(count: number, now: Date) {
  const project = `demo-burst-${randomUUID().slice(0, 8)}`;
  const queue = createMemoryQueue();
  const clock = { now: () => now };
  const routers = Array.from({ length: count }, () => ({ ...emulatorPorts(project), queue, clock }));
  onTestFinished(async () => {
    await Promise.all(routers.map(({ close }) => close()));
  });
  return { project, routers, queue };
}

it.each([1, 4])(
  'of a burst of 100, %i routers at once give the VMs what they have room for',
  async (count) => {
    const now = Date.now();
    const { project, routers, queue } = routersOf(count, new Date(now));
    const [first] = routers;
    if (!first) throw new Error('There is no router.');
    // Two slots; the last that fits waits for nineteen others.
    const sketch = 100 + ((room - 0.5) / 2) * sketchMs + sketchMs;
    const settings = routingSettingsSchema.parse({
      confidence: 0,
      objectivesMs: { sketch },
      run: { maxInstances: uploads },
      // The VM sends one heartbeat, however long the decisions take.
      vm: { liveWithinMs: 600_000 },
    });
    await first.settings.changeRouting(settings, 'test');
    const { ageMs: _, ...vm } = sampleWorker({ slots: 2, expiresAt: new Date(Date.now() + 600_000) });
    await first.fleet.beat(vm);
    await first.fleet.beat({ ...vm, id: 'run-1', kind: 'run', slots: uploads });

    const objects = Array.from(
      { length: uploads },
      (_, index): FinalizedObject => ({
        bucket: first.buckets.webUploads,
        name: `visitor-${index}/${index}.jpg`,
        generation: '1',
        // Enough bytes for the size that the upload claims to be believed.
        size: Math.ceil(pixels / 100),
        contentType: 'image/jpeg',
        timeCreated: new Date(now + index),
        metadata: { operation: 'sketch', pixels: String(pixels) },
      }),
    );
    await Promise.all(
      objects.map((object, index) => routeUpload(object, null, routers[index % count] ?? first)),
    );
    const { vm: onVms, run } = queue.messages;
    expect(onVms.length + run.length).toBe(uploads);
    // Those of a millisecond before may be taken up after: they do not see what is due later and was there first.
    expect(onVms.length).toBeLessThanOrEqual(room + 3);
    // Jobs that Firestore created at one time count each other. Each job that spilled had a full line before it.
    const ahead = await countAhead(project);
    expect(ahead.size).toBe(uploads);
    for (const { jobId } of run) expect(ahead.get(jobId)).toBeGreaterThanOrEqual(room);
  },
);

/** For each job's id, how many others were there when Firestore created it. Their turns are all of one time. */
async function countAhead(projectId: string): Promise<Map<string, number>> {
  const firestore = new Firestore({ projectId });
  onTestFinished(() => firestore.terminate());
  const { docs } = await firestore.collection('jobs').get();
  return new Map(
    docs.map(({ id, createTime }) => [
      id,
      docs.filter((other) => microseconds(other.get('createdAt')) <= microseconds(createTime)).length - 1,
    ]),
  );
}

function microseconds(time: unknown): number {
  if (!(time instanceof Timestamp)) throw new Error(`${String(time)} is no time of Firestore.`);
  return time.seconds * 1e6 + time.nanoseconds / 1e3;
}
