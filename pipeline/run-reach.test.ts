import { expect, it } from 'vitest';
import { baseConfigSchema, parseConfig } from './config.ts';
import { createMemoryPorts } from './memory/ports.ts';
import { runReachOf, settingsWithin } from './run-reach.ts';

const buckets = {
  SPILLWAY_PROJECT: 'demo',
  SPILLWAY_UPLOADS_BUCKET: 'uploads',
  SPILLWAY_WEB_UPLOADS_BUCKET: 'web-uploads',
  SPILLWAY_RESULTS_BUCKET: 'results',
};
const reachOf = (SPILLWAY_RUN_URL?: string) =>
  runReachOf(parseConfig(baseConfigSchema, { ...buckets, SPILLWAY_RUN_URL }));

it('Cloud Run is reached by its queue, by sending pictures to an address, or not at all', () => {
  expect(reachOf()).toEqual({ kind: 'jobs' });
  expect(reachOf('none')).toEqual({ kind: 'none' });
  expect(reachOf('https://worker.example/')).toEqual({ kind: 'pictures', url: 'https://worker.example' });
  expect(reachOf('http://127.0.0.1:8080')).toEqual({ kind: 'pictures', url: 'http://127.0.0.1:8080' });
});

it.each(['', 'worker.example', 'http://worker.example', 'ftp://worker.example'])(
  'pictures and tokens are not sent to %j, where others could read them',
  (address) => expect(() => reachOf(address)).toThrow('SPILLWAY_RUN_URL'),
);

it('without a Cloud Run no instances are counted on, and what an admin has saved stays', async () => {
  const { settings } = createMemoryPorts();
  const without = settingsWithin(settings, { kind: 'none' });
  expect((await without.routing()).run.maxInstances).toBe(0);
  expect((await without.readRouting()).settings.run.maxInstances).toBe(20);
  expect((await settingsWithin(settings, { kind: 'jobs' }).routing()).run.maxInstances).toBe(20);
});
