import { setTimeout as delay } from 'node:timers/promises';
import { relayedServices } from '@spillway/emulators/choose-ports.ts';
import { expect, it } from 'vitest';
import { drawnJpeg } from '../pictures.ts';
import { ownStack } from './own-stack.ts';

const files = 12;
/** How long a fault of the network lasts. Milliseconds. */
const faultMs = 4_000;
const own = ownStack({ vms: 1, slots: 1, runMax: 2, likeCloud: true });

const succeeded = async (folder: string) =>
  (await own().client.jobsUnder(folder)).filter(({ state }) => state === 'succeeded').length;

it.each(
  relayedServices.flatMap((service) => (['cut', 'stall'] as const).map((fault) => ({ service, fault }))),
)('a network to $service that has a $fault for seconds costs no job', async ({ service, fault }) => {
  const folder = `sketch/${service}-${fault}/`;
  const picture = await drawnJpeg(1, 1_200, 900);
  const names = Array.from({ length: files }, (_, index) => `${folder}${index}.jpg`);
  await Promise.all(names.map((name) => own().client.drop(name, picture)));
  const begun = async () => (await own().client.jobsUnder(folder)).some(({ claim }) => claim !== null);
  await expect.poll(begun, { timeout: 60_000, interval: 20 }).toBe(true);
  const relay = own().stack.relays[service];
  relay?.[fault]();
  await delay(faultMs);
  relay?.mend();
  await expect.poll(() => succeeded(folder).catch(() => 0), { timeout: 180_000, interval: 500 }).toBe(files);
});
