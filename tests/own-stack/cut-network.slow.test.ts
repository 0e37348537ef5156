import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { relayedServices } from '@spillway/emulators/choose-ports.ts';
import { type Stack, startStack } from '@spillway/emulators/stack.ts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { drawnJpeg } from '../pictures.ts';
import { clientOf, type StackClient } from '../stack-client.ts';

const files = 12;
/** How long a fault of the network lasts. Milliseconds. */
const faultMs = 4_000;
let stack: Stack;
let directory: string;
let client: StackClient;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'spillway-cut-'));
  const size = { vms: 1, slots: 1, runMax: 2, reset: true, fixedPorts: {}, anyPorts: true };
  stack = await startStack({ ...size, likeCloud: true, directory }, () => {});
  client = clientOf(stack);
});
afterAll(async () => {
  await client?.firestore.terminate();
  await stack?.stop();
  await rm(directory, { recursive: true, force: true });
});

const jobsIn = (folder: string) => {
  const jobs = client.firestore.collection('jobs');
  return client.jobsMatching(
    jobs.where('source.name', '>=', folder).where('source.name', '<=', `${folder}~`),
  );
};
const succeeded = async (folder: string) =>
  (await jobsIn(folder)).filter(({ state }) => state === 'succeeded').length;

it.each(
  relayedServices.flatMap((service) => (['cut', 'stall'] as const).map((fault) => ({ service, fault }))),
)('a network to $service that has a $fault for seconds costs no job', async ({ service, fault }) => {
  const folder = `sketch/${service}-${fault}/`;
  const picture = await drawnJpeg(1, 1_200, 900);
  const names = Array.from({ length: files }, (_, index) => `${folder}${index}.jpg`);
  await Promise.all(names.map((name) => client.drop(name, picture)));
  const begun = async () => (await jobsIn(folder)).some(({ claim }) => claim !== null);
  await expect.poll(begun, { timeout: 60_000, interval: 20 }).toBe(true);
  const relay = stack.relays[service];
  relay?.[fault]();
  await delay(faultMs);
  relay?.mend();
  await expect.poll(() => succeeded(folder).catch(() => 0), { timeout: 180_000, interval: 500 }).toBe(files);
});
