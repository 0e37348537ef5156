import { defaultRoutingSettings, routingSettingsSchema } from '@spillway/core/settings.ts';
import { expect, it } from 'vitest';
import { settingsSummary } from './settings-summary.ts';

const lines = (...args: Parameters<typeof settingsSummary>) =>
  settingsSummary(...args).map(({ name, value, note }) =>
    `${name}: ${value}, ${note}`.replaceAll('\u00a0', ' '),
  );

it('sums up the settings', () => {
  expect(lines(defaultRoutingSettings)).toEqual([
    'Policy: deadline, cheapest side that is in time',
    'Time to result: 2.0 s · 6.0 s · 15 s, pencil sketch, remove background, caption',
    'Large batches: 10 min, drops of more than 20 files',
    'Cloud Run: up to 20 instances, no limit to what it costs',
    'Prewarming: off, VMs follow the work',
    'Shares: all alike, owners who wait for VMs',
  ]);
  const routing = routingSettingsSchema.parse({
    policy: 'threshold',
    objectivesMs: { sketch: 500 },
    run: { maxInstances: 1, mostDollarsPerHour: 0.5 },
    forecast: { prewarming: true, minInstances: { least: 0, most: 1 }, vmPool: true },
    shares: { owners: { camera: 2 } },
  });
  expect(lines(routing)).toMatchObject([
    'Policy: threshold, Cloud Run above 70 % CPU',
    expect.stringMatching(/: 500 ms · 6.0 s/),
    expect.anything(),
    'Cloud Run: up to 1 instance, up to $0.50 an hour',
    'Prewarming: 0 to 1 instance, VMs follow the forecast',
    'Shares: 1 owner, with a share of their own',
  ]);
});

it('keeps the places while nothing is known, and says when Cloud Run is off', () => {
  expect(settingsSummary(null).map(({ name }) => name)).toEqual(
    settingsSummary(defaultRoutingSettings).map(({ name }) => name),
  );
  for (const run of [{ enabled: false }, { maxInstances: 0 }]) {
    expect(lines(routingSettingsSchema.parse({ run }))).toContain(
      'Cloud Run: off, all work waits for the VMs',
    );
  }
});
