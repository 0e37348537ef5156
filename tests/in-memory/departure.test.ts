import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '@spillway/pipeline/embedded/database.ts';
import { createEmbeddedQueues } from '@spillway/pipeline/embedded/queues.ts';
import { createMemoryPorts } from '@spillway/pipeline/memory/ports.ts';
import { manualClock } from '@spillway/pipeline/testing/manual-clock.ts';
import { retryBackoff } from '@spillway/pipeline/topics.ts';
import { onTestFinished } from 'vitest';
import { testDeparture } from '../departure-cases.ts';

testDeparture(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'spillway-departure-'));
  const clock = manualClock();
  const database = await openDatabase(join(folder, 'spillway.db'), clock);
  const { close, ...queues } = createEmbeddedQueues(database);
  onTestFinished(async () => {
    close();
    database.close();
    await rm(folder, { recursive: true });
  });
  const ports = { ...createMemoryPorts(), ...queues };
  return { ports, endPauses: () => clock.advance(1_000 * retryBackoff.least) };
});
