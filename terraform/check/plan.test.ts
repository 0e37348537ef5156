import { expect, test } from 'vitest';
import { extractPlan } from './plan.ts';
import type { Schema } from './schema.ts';

const schema: Schema = {
  provider: { arguments: {} },
  data: {},
  resources: {
    google_topic: {
      arguments: {
        id: ['computed', 'string'],
        name: ['required', 'string'],
        labels: ['optional', ['map', 'string']],
        region: ['either', 'string'],
        effective_labels: ['computed', ['map', 'string']],
      },
      blocks: {
        policy: {
          nesting: 'list',
          arguments: { target: ['required', 'string'], times: ['optional', 'number'] },
        },
      },
    },
  },
};

type Change = { address: string; index?: string; after: object; after_unknown: object };

function shown(changes: Change[], expressions: object, more: object = {}) {
  return {
    resource_changes: changes.map(({ after, after_unknown, ...rest }) => ({
      ...rest,
      mode: 'managed',
      type: 'google_topic',
      name: 'topics',
      change: { after, after_unknown },
    })),
    configuration: {
      root_module: {
        resources: [{ mode: 'managed', type: 'google_topic', name: 'topics', expressions }],
        ...more,
      },
    },
  };
}

const one = (after: object, after_unknown: object, expressions: object) =>
  extractPlan(shown([{ address: 'google_topic.topics', after, after_unknown }], expressions), schema)[0]
    ?.values;

test('what has no value is left out, and so is what the provider makes by itself', () => {
  const after = { name: 'a', labels: null, effective_labels: { app: 'spillway' }, policy: [] };
  expect(one(after, { id: true, region: true, policy: [] }, { name: { constant_value: 'a' } })).toEqual({
    name: 'a',
  });
});

test('nothing, zero and an empty text are values', () => {
  const policy = [{ target: '', times: 0 }];
  expect(one({ policy }, { policy: [{}] }, {})).toEqual({ policy });
});

test('what is known later says what it is made from, as closely as Terraform tells', () => {
  const expressions = {
    policy: [
      {
        target: {
          references: ['google_topic.topics["b"].id', 'google_topic.topics["b"]', 'google_topic.topics'],
        },
      },
    ],
    region: { references: ['google_place.here.region', 'google_place.here'] },
  };
  expect(one({ policy: [{}] }, { policy: [{ target: true }], region: true }, expressions)).toEqual({
    policy: [{ target: { later: ['google_topic.topics["b"].id'] } }],
    region: { later: ['google_place.here.region'] },
  });
});

test('what a dynamic block is made from is not told, but that it is known later', () => {
  expect(one({ policy: [{ times: 1 }] }, { policy: [{ target: true }] }, {})).toEqual({
    policy: [{ target: { later: [] }, times: 1 }],
  });
});

test('a reference by each.key leads to the resource with that key, and by each.value only where there is one', () => {
  const changes = ['a', 'b'].map((index) => ({
    address: `google_topic.topics["${index}"]`,
    index,
    after: { name: index },
    after_unknown: { region: true },
  }));
  const region = (reference: string, from: string) =>
    extractPlan(shown(changes, { region: { references: [from, reference] } }), schema).map(
      ({ values }) => values.region,
    );
  expect(region('each.key', 'google_topic.topics')).toEqual([
    { later: ['google_topic.topics["a"]', 'each.key'] },
    { later: ['google_topic.topics["b"]', 'each.key'] },
  ]);
  expect(region('each.value', 'google_place.places')).toEqual([
    { later: ['google_place.places', 'each.value'] },
    { later: ['google_place.places', 'each.value'] },
  ]);
});

test('modules are refused: policies would not see what is in them', () => {
  expect(() => extractPlan(shown([], {}, { module_calls: {} }), schema)).toThrow(/no modules/);
});

test('a type that the schema lacks is refused', () => {
  const plan = shown([{ address: 'google_topic.topics', after: {}, after_unknown: {} }], {});
  expect(() => extractPlan(plan, { ...schema, resources: {} })).toThrow(
    'There is no schema for google_topic.',
  );
});
