import {
  defaultRoutingSettings,
  type RoutingSettings,
  routingSettingsSchema,
} from '@spillway/core/settings.ts';
import { expect, it } from 'vitest';
import { checkDraft, differs, draftOf, type RoutingDraft, rebased } from './routing-draft.ts';
import { routingFields } from './routing-fields.ts';

const base = defaultRoutingSettings;

function edited(values: Record<string, string>, settings: RoutingSettings = base): RoutingDraft {
  const draft = draftOf(settings);
  return { ...draft, values: { ...draft.values, ...values } };
}

it('keeps every setting through the form and back, those it does not ask for included', () => {
  const unusual = routingSettingsSchema.parse({
    policy: 'threshold',
    objectivesMs: { sketch: 1_234, caption: 0.5 },
    confidence: 1.1,
    bulk: { objectiveMs: 1, batchOver: 3 },
    shares: { default: 0.1, owners: { 'camera-1': 2.5, 'a.b': 1e-3 } },
    vm: { pullMs: 7, liveWithinMs: 9_999 },
    run: { enabled: false, maxInstances: 4, mostDollarsPerHour: 0.07, vcpus: 0.3, warmWithinMs: 5 },
    threshold: { cpu: 0.07 },
    forecast: { prewarming: true, minInstances: { least: 1, most: 3 }, vmPool: true },
    prices: { perVcpuSecond: 1.1e-7, perGibSecond: 0, perRequest: 0.3e-6 },
  });
  for (const settings of [base, unusual]) {
    const draft = draftOf(settings);
    expect(checkDraft(draft, settings)).toEqual({ ok: true, settings });
    expect(differs(draft, settings)).toBe(false);
  }
});

it('asks for settings that exist', () => {
  const everyObjective = { sketch: 1, 'remove-background': 1, caption: 1 };
  const settings = routingSettingsSchema.parse({
    objectivesMs: everyObjective,
    run: { mostDollarsPerHour: 1, slots: 1 },
  });
  const empty = routingFields().filter(
    ({ path, kind }) => kind !== 'switch' && draftOf(settings).values[path] === '',
  );
  expect(empty).toEqual([]);
});

it('shows settings in the units of people', () => {
  const { values } = draftOf(base);
  expect(values).toMatchObject({
    'objectivesMs.sketch': '',
    'bulk.objectiveMs': '600',
    'threshold.cpu': '70',
    'run.enabled': 'on',
    'run.mostDollarsPerHour': '',
    'prices.perVcpuSecond': '0.000024',
    'prices.perRequest': '0.4',
  });
});

it('reads what was typed, with a comma or a point, and an empty control as its default', () => {
  const settings = routingSettingsSchema.parse({
    objectivesMs: { sketch: 5 },
    run: { mostDollarsPerHour: 3 },
  });
  const draft = edited(
    {
      'objectivesMs.sketch': ' ',
      'objectivesMs.caption': '2,5',
      'run.mostDollarsPerHour': '',
      'run.enabled': '',
      'threshold.cpu': '55',
    },
    settings,
  );
  const checked = checkDraft(draft, settings);
  expect(checked).toMatchObject({
    ok: true,
    settings: {
      objectivesMs: { caption: 2_500 },
      run: { mostDollarsPerHour: null, enabled: false },
      threshold: { cpu: 0.55 },
    },
  });
  expect(checked.ok && checked.settings.objectivesMs).not.toHaveProperty('sketch');
});

it.each([
  ['run.maxInstances', '', 'Must be a number.'],
  ['run.maxInstances', '2.5', 'Must be a whole number.'],
  ['run.maxInstances', '-1', 'Must be at least 0.'],
  ['run.mostDollarsPerHour', 'five', 'Must be a number.'],
  ['run.mostDollarsPerHour', '0x10', 'Must be a number.'],
  ['objectivesMs.sketch', '0', 'Must be more than 0.'],
  ['threshold.cpu', '170', 'Must be at most 100.'],
  ['policy', 'random', 'Is not valid.'],
  ['shares.default', '1001', 'Must be at most 1000.'],
])('says at %s what is wrong with “%s”', (path, text, problem) => {
  expect(checkDraft(edited({ [path]: text }), base)).toEqual({ ok: false, problems: { [path]: problem } });
});

it('says at the line of an owner what is wrong with it', () => {
  const lines = [
    { key: 0, owner: ' ', weight: '1' },
    { key: 1, owner: 'camera', weight: '2' },
    { key: 4, owner: 'camera ', weight: '2' },
    { key: 5, owner: 'site', weight: '0' },
    { key: 6, owner: 'x'.repeat(201), weight: '1' },
  ];
  expect(checkDraft({ ...draftOf(base), owners: lines }, base)).toEqual({
    ok: false,
    problems: {
      'owner 0': 'Name an owner, or remove the line.',
      'owner 4': 'This owner is listed twice.',
      'weight 5': 'Must be at least 0.001.',
      'owner 6': 'At most 200 characters long.',
    },
  });
  const owners = lines.slice(1, 2);
  const checked = checkDraft({ ...draftOf(base), owners }, base);
  expect(checked).toMatchObject({ ok: true, settings: { shares: { owners: { camera: 2 } } } });
  expect(differs({ ...draftOf(base), owners }, base)).toBe(true);
});

it('takes another way to write the same for no change', () => {
  expect(differs(edited({ 'run.maxInstances': '20.0', 'run.mostDollarsPerHour': ' ' }), base)).toBe(false);
  expect(differs(edited({ 'run.maxInstances': 'ten' }), base)).toBe(true);
});

it('carries a draft over to what somebody else has saved', () => {
  const draft = edited({ confidence: '0.84', 'run.maxInstances': '5', 'run.vcpus': '4' });
  const after = routingSettingsSchema.parse({
    policy: 'threshold',
    run: { maxInstances: 7, vcpus: 4 },
    shares: { owners: { camera: 2 } },
  });
  const moved = rebased(draft, base, after);
  expect(moved.both).toEqual(['Most instances']);
  expect(checkDraft(moved.draft, after)).toEqual({
    ok: true,
    settings: { ...after, confidence: 0.84, run: { ...after.run, maxInstances: 5 } },
  });

  const owners = [{ key: 0, owner: 'site', weight: '3' }];
  const clash = rebased({ ...draftOf(base), owners }, base, after);
  expect(clash.both).toEqual(['Owners’ shares']);
  expect(clash.draft.owners).toEqual(owners);
  expect(clash.draft.values.policy).toBe('threshold');
});

it('refuses bounds of prewarming that contradict each other, at the field that is to be changed', () => {
  const problemsOf = (values: Record<string, string>) => {
    const checked = checkDraft(edited({ 'forecast.prewarming': 'on', ...values }), base);
    return checked.ok ? {} : checked.problems;
  };
  const most = 'forecast.minInstances.most';
  expect(problemsOf({ 'forecast.minInstances.least': '4', [most]: '3' })).toEqual({
    [most]: 'The least minimum instances are more than the most.',
  });
  expect(problemsOf({ [most]: '21' })).toEqual({ [most]: 'At most 20, the most instances of Cloud Run.' });
  expect(problemsOf({ [most]: '20' })).toEqual({});
  // While it is off, what it would keep hinders nobody who lowers the maximum.
  expect(problemsOf({ 'forecast.prewarming': '', 'run.maxInstances': '2' })).toEqual({});
});
