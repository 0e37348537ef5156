import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Stack, startStack } from '@spillway/emulators/stack.ts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { drawnJpeg } from '../pictures.ts';
import { clientOf, type StackClient } from '../stack-client.ts';

let stack: Stack;
let directory: string;
let client: StackClient;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'spillway-freezes-'));
  // One instance, which stays, and whose child is replaced after each job: it starts while the instance stands still.
  process.env.SPILLWAY_RECYCLE_AFTER = '1';
  process.env.SPILLWAY_RUN_IDLE_MS = '600000';
  const options = {
    engine: 'google' as const,
    vms: 0,
    slots: 1,
    runMax: 1,
    likeCloud: true,
    reset: true,
    directory,
  };
  stack = await startStack({ ...options, fixedPorts: {}, anyPorts: true }, () => {});
  client = clientOf(stack);
});
afterAll(async () => {
  delete process.env.SPILLWAY_RECYCLE_AFTER;
  delete process.env.SPILLWAY_RUN_IDLE_MS;
  await client?.close();
  await stack?.stop();
  await rm(directory, { recursive: true, force: true });
});

/** Beyond what sockets are kept open for without a request, and beyond a child's limit for its start. Seconds. */
const freezes = [0, 7, 70, 0];

it('an instance that stood still for long goes on as if nothing had been', async () => {
  const picture = await drawnJpeg(1, 64, 48);
  const workers = new Set<string | undefined>();
  for (const [turn, seconds] of freezes.entries()) {
    await delay(seconds * 1_000);
    const name = `sketch/${turn}-after-${seconds}-s.jpg`;
    await client.drop(name, picture);
    const [job] = await client.endedJobs(name, 1, 120_000);
    expect(job).toMatchObject({ state: 'succeeded', attempt: 1, machineFaults: 0 });
    workers.add(job?.claim?.worker);
  }
  expect(workers.size).toBe(1);
});
