import { routingSettingsSchema } from '@spillway/core/settings.ts';
import { expect, test } from 'vitest';
import { unknownFields } from './unknown-fields.ts';

test.each<[string, unknown, string[]]>([
  ['nothing', {}, []],
  [
    'known fields on every level',
    { policy: 'deadline', run: { enabled: false, mostDollarsPerHour: null } },
    [],
  ],
  ['any owner', { shares: { owners: { 'camera-1': 2, 'a/b': 1 } } }, []],
  ['a field of another name', { polcy: 'threshold' }, ['polcy']],
  ['one below', { run: { maxInstance: 3, enabled: true } }, ['run.maxInstance']],
  [
    'several',
    { a: 1, bulk: { b: { c: 2 } }, threshold: { cpu: 0.5, d: [] } },
    ['a', 'bulk.b', 'threshold.d'],
  ],
  ['what every object inherits', { run: { constructor: 1 }, toString: 2 }, ['run.constructor', 'toString']],
  ['the name of the prototype', JSON.parse('{"__proto__": {"policy": "threshold"}}'), ['__proto__']],
])('finds in settings with %s what the schema does not know', (_, given, paths) => {
  expect(unknownFields(given, routingSettingsSchema.parse(given))).toEqual(paths);
});
