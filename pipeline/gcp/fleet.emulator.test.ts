import { randomUUID } from 'node:crypto';
import { steadyStats } from '@spillway/core/testing/learned-service.ts';
import { sampleWorker } from '@spillway/core/testing/sample-worker.ts';
import { expect, it, onTestFinished } from 'vitest';
import { emulatorPorts } from '../testing/emulator-ports.ts';

const { ageMs: _, ...heartbeat } = sampleWorker({
  startedAt: new Date(),
  expiresAt: new Date(Date.now() + 600_000),
  perOperation: { sketch: steadyStats(2) },
});

it('heartbeats that are malformed, incomplete or from the future are ignored and counted', async () => {
  const { fleet, firestore, close } = emulatorPorts(`demo-fleet-${randomUUID().slice(0, 8)}`);
  onTestFinished(close);
  const write = (id: string, data: object) => firestore.collection('workers').doc(id).set(data);
  await fleet.beat(heartbeat);
  await write('words', { ...heartbeat, slots: 'two' });
  await write('empty', {});
  const { state: __, ...incomplete } = heartbeat;
  await write('incomplete', incomplete);
  await write('future', { ...heartbeat, startedAt: new Date(Date.now() + 3_600_000) });
  const { workers, ignored } = await fleet.read();
  expect(ignored).toBe(4);
  expect(workers).toHaveLength(1);
  expect(workers[0]).toMatchObject(heartbeat);
});

it('a heartbeat’s age is what the database says, whatever the worker’s clock', async () => {
  const { fleet, close } = emulatorPorts(`demo-fleet-${randomUUID().slice(0, 8)}`);
  onTestFinished(close);
  await fleet.beat({ ...heartbeat, startedAt: new Date(0), expiresAt: new Date(1) });
  const { workers } = await fleet.read();
  expect(workers[0]?.ageMs).toBeGreaterThanOrEqual(0);
  expect(workers[0]?.ageMs).toBeLessThan(60_000);
});
