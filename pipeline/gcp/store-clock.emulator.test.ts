import { randomUUID } from 'node:crypto';
import { sampleJob } from '@spillway/core/testing/sample-job.ts';
import { sampleWorker } from '@spillway/core/testing/sample-worker.ts';
import { afterAll, describe, expect, it } from 'vitest';
import { emulatorPorts } from '../testing/emulator-ports.ts';

const tenMinutes = 600_000;

describe.each([tenMinutes, -tenMinutes])('on a machine whose clock is %i ms ahead', (aheadMs) => {
  const ports = emulatorPorts('demo-store-clock', { now: () => new Date(Date.now() + aheadMs) });
  afterAll(() => ports.close());

  it('a living claim is not called abandoned, one that has run out is, and the time is Firestore’s', async () => {
    const claimed = async (lives: number) => {
      const id = randomUUID().replaceAll('-', '');
      const claim = { worker: 'vm-1', token: 'token', expiresAt: new Date(Date.now() + lives) };
      await ports.jobs.create({ ...sampleJob({ id }), state: 'processing', claim });
      return id;
    };
    const listed = async () => (await ports.backlog.abandoned(1_000)).map(({ job }) => job.id);
    const living = await claimed(120_000);
    const ended = await claimed(-120_000);
    expect(await listed()).not.toContain(living);
    expect(await listed()).toContain(ended);
    const stored = await ports.jobs.get(living);
    const apart = ports.clock.now().getTime() - (stored?.readAt.getTime() ?? Number.NaN);
    expect(Math.abs(apart)).toBeLessThan(tenMinutes / 2);
  });

  it('a heartbeat is forgotten by the time of Firestore', async () => {
    // This is the first call of these ports, so no answer has told them the time yet.
    const fresh = emulatorPorts('demo-store-clock', { now: () => new Date(Date.now() + aheadMs) });
    const { ageMs: _, ...heartbeat } = sampleWorker({
      id: randomUUID(),
      expiresAt: new Date(Date.now() + 120_000),
    });
    await ports.fleet.beat(heartbeat);
    await fresh.fleet.removeExpired();
    expect((await ports.fleet.read()).workers.map(({ id }) => id)).toContain(heartbeat.id);
    await fresh.close();
  });
});
