import { describe, expect, it } from 'vitest';
import { contradictionsIn, defaultRoutingSettings, routingSettingsSchema } from './settings.ts';

describe('settings of the routing', () => {
  it('have a default for every field, at every depth', () => {
    expect(routingSettingsSchema.parse({})).toEqual(defaultRoutingSettings);
    const { run } = routingSettingsSchema.parse({ run: { maxInstances: 3 } });
    expect(run).toEqual({ ...defaultRoutingSettings.run, maxInstances: 3 });
  });

  it('leave out what they do not know: a newer version may have written it', () => {
    const parsed = routingSettingsSchema.parse({ news: 1, vm: { pullMs: 7, news: 2 }, updatedBy: 'ann' });
    expect(parsed).toEqual({ ...defaultRoutingSettings, vm: { ...defaultRoutingSettings.vm, pullMs: 7 } });
  });

  it('keep the objective of an operation that this program does not have', () => {
    expect(routingSettingsSchema.parse({ objectivesMs: { paint: 100 } }).objectivesMs).toEqual({
      paint: 100,
    });
  });

  it.each([
    { policy: 'guess' },
    { confidence: -1 },
    { confidence: Number.NaN },
    { objectivesMs: { sketch: 0 } },
    { objectivesMs: { 'No Name': 100 } },
    { bulk: { batchOver: 0 } },
    { shares: { owners: { ann: 0 } } },
    { shares: { default: -1 } },
    { run: { mostDollarsPerHour: -1 } },
    { run: { concurrency: 0 } },
    { run: { concurrency: 2, slots: 3 } },
    { run: { slots: 2 } },
    { threshold: { cpu: 70 } },
    { forecast: { minInstances: { least: 3, most: 2 } } },
    { forecast: { minInstances: { most: 1.5 } } },
    { forecast: { prewarming: 'yes' } },
    { prices: { perRequest: '0.1' } },
    { run: null },
    { run: [] },
  ])('do not validate with %j', (settings) => {
    expect(routingSettingsSchema.safeParse(settings).success).toBe(false);
  });
});

it('says which instance would work on more than it gets', () => {
  const { error } = routingSettingsSchema.safeParse({ run: { concurrency: 2, slots: 3 } });
  expect(error?.issues).toMatchObject([
    {
      path: ['run', 'slots'],
      message:
        'An instance would work on more jobs at a time (run.slots) than it gets requests (run.concurrency).',
    },
  ]);
});

describe('settings that contradict each other', () => {
  const pathsIn = (settings: object) =>
    contradictionsIn(routingSettingsSchema.parse(settings)).map(({ path }) => path);

  it('are none where nothing was changed', () => {
    expect(pathsIn({})).toEqual([]);
  });

  it.each([
    ['more kept instances than there may be', 'forecast.minInstances.most', kept(4), kept(3)],
    ['less time for all VMs than for one', 'vm.doubtWithinMs', doubt(6_499), doubt(6_500)],
    ['more requests than slots ever come to', 'run.concurrency', requests(17), requests(16)],
  ])('are found: %s', (_, path, contradicting, agreeing) => {
    expect(pathsIn(contradicting)).toEqual([path]);
    expect(pathsIn(agreeing)).toEqual([]);
  });

  function kept(most: number) {
    return { run: { maxInstances: 3 }, forecast: { prewarming: true, minInstances: { most } } };
  }

  function doubt(doubtWithinMs: number) {
    return { vm: { doubtWithinMs } };
  }

  function requests(concurrency: number) {
    return { run: { concurrency, slots: 2 } };
  }
});

it.each([
  ['an objective beyond what a date can be', { objectivesMs: { sketch: 1e300 } }],
  ['a bulk objective of years', { bulk: { objectiveMs: 1e12 } }],
  ['a share of next to nothing', { shares: { default: 1e-13 } }],
  ['an owner whose name Firestore keeps for itself', { shares: { owners: { __x__: 2 } } }],
  ['an owner whose name Firestore keeps, on two lines', { shares: { owners: { '__x\n__': 2 } } }],
  ['an owner whose name is not well-formed', { shares: { owners: { 'a\ud800': 2 } } }],
  ['an owner whose name contains NUL', { shares: { owners: { 'a\0': 2 } } }],
  ['a delay beyond what can be added up', { vm: { pullMs: 1e308 } }],
  ['a price beyond what can be added up', { prices: { perRequest: 1e308 } }],
])('refuses %s, which would stop all routing', (_, document) => {
  expect(routingSettingsSchema.safeParse(document).success).toBe(false);
});
