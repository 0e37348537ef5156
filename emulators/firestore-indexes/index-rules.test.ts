import { AggregateField, Filter, Firestore, type Query } from '@google-cloud/firestore';
import { describe, expect, it } from 'vitest';
import type { IndexFile } from './index-file.ts';
import { judge } from './index-rules.ts';
import { shapeOf } from './query-shape.ts';

const cities = new Firestore({ projectId: 'demo-rules' }).collection('cities');

/** `toProto` is the client's own way to the request that it sends. */
const requestOf = (query: object) => (query as { toProto(): unknown }).toProto();

/** An index as `state, -population`: descending with a minus, for arrays with a star. */
function indexFile(indexes: string[], overrides: IndexFile['fieldOverrides'] = []): IndexFile {
  return {
    indexes: indexes.map((text) => ({
      collectionGroup: 'cities',
      queryScope: 'COLLECTION',
      fields: text.split(', ').map((field) => {
        const fieldPath = field.replace(/^[-*]/, '');
        if (field.startsWith('*')) return { fieldPath, arrayConfig: 'CONTAINS' };
        return { fieldPath, order: field.startsWith('-') ? 'DESCENDING' : 'ASCENDING' };
      }),
    })),
    fieldOverrides: overrides,
  };
}

function verdict(query: object, indexes: string[] = [], overrides: IndexFile['fieldOverrides'] = []): string {
  const judged = judge(shapeOf(requestOf(query)), indexFile(indexes, overrides));
  if (judged.kind !== 'index_missing') return judged.kind;
  const signs = { ASCENDING: '', DESCENDING: '-', CONTAINS: '*' } as const;
  return `needs ${judged.index.map(({ path, mode }) => signs[mode] + path).join(', ')}`;
}

/** The examples of Firestore's page about indexes. */
describe('without an index of its own, Firestore answers', () => {
  const served: [string, Query][] = [
    ['one value', cities.where('state', '==', 'CA')],
    ['one range', cities.where('population', '<', 100_000)],
    ['a range from both sides', cities.where('population', '>=', 1).where('population', '<', 2)],
    ['one order', cities.orderBy('name')],
    ['one order, descending', cities.orderBy('name', 'desc')],
    ['a range and its own order, descending', cities.where('name', '>=', 'S').orderBy('name', 'desc')],
    ['an array that contains', cities.where('regions', 'array-contains', 'west_coast')],
    ['one of some values', cities.where('country', 'in', ['USA', 'Japan'])],
    ['several values, merged', cities.where('state', '==', 'CO').where('name', '==', 'Denver')],
    [
      'four values, merged',
      cities
        .where('country', '==', 'USA')
        .where('capital', '==', false)
        .where('state', '==', 'CA')
        .where('population', '==', 860_000),
    ],
    [
      'values and an array, merged',
      cities.where('state', '==', 'CA').where('regions', 'array-contains', 'w'),
    ],
    ['all there are', cities],
    [
      'alternatives of one value each',
      cities.where(Filter.or(Filter.where('a', '==', 1), Filter.where('b', '>', 1))),
    ],
    ['an order of what has one value', cities.where('state', '==', 'CA').orderBy('state')],
    ['the name', cities.orderBy('__name__')],
    ['a value and the name', cities.where('state', '==', 'CA').orderBy('__name__')],
    ['a value and the name, descending', cities.where('state', '==', 'CA').orderBy('__name__', 'desc')],
  ];
  it.each(served)('%s', (_what, query) => {
    expect(verdict(query)).toBe('served');
  });
});

describe('an index is needed, with the values before the order, for', () => {
  const needing: [string, object, string][] = [
    [
      'a value and a range',
      cities.where('country', '==', 'USA').where('population', '<', 3),
      'country, population',
    ],
    [
      'a value and an order',
      cities.where('country', '==', 'USA').orderBy('population', 'desc'),
      'country, -population',
    ],
    [
      'one of some values and an order',
      cities.where('country', 'in', ['a', 'b']).orderBy('population'),
      'country, population',
    ],
    ['two orders', cities.orderBy('state').orderBy('population', 'desc'), 'state, -population'],
    [
      'an array and an order',
      cities.where('regions', 'array-contains', 'w').orderBy('population'),
      '*regions, population',
    ],
    [
      'not a value, and an order',
      cities.where('country', '!=', 'USA').orderBy('population'),
      'population, country',
    ],
    [
      'an order and a range',
      cities.where('population', '>', 1).orderBy('name', 'desc'),
      '-name, -population',
    ],
    [
      'two ranges, by name',
      cities.where('population', '>', 1).where('density', '>', 1),
      'density, population',
    ],
    [
      'two ranges in the order that the query names',
      cities.where('population', '>', 1).where('density', '>', 1).orderBy('population'),
      'population, density',
    ],
    [
      'a value and a sum',
      cities.where('state', '==', 'CA').aggregate({ all: AggregateField.sum('population') }),
      'state, population',
    ],
    [
      'a range and a sum of something else',
      cities.where('density', '>', 1).aggregate({ all: AggregateField.sum('population') }),
      'density, population',
    ],
    [
      'each alternative for itself',
      cities
        .where(Filter.or(Filter.where('state', '==', 'CA'), Filter.where('state', '==', 'NY')))
        .orderBy('population'),
      'state, population',
    ],
  ];
  it.each(needing)('%s', (_what, query, index) => {
    expect(verdict(query)).toBe(`needs ${index}`);
    expect(verdict(query, [index])).toBe('served');
  });
});

describe('an index serves', () => {
  const ofTwo = cities.where('country', '==', 'USA').where('capital', '==', true).orderBy('population');

  it('whatever the order and direction of the values before the end', () => {
    expect(verdict(ofTwo, ['country, capital, population'])).toBe('served');
    expect(verdict(ofTwo, ['-capital, country, population'])).toBe('served');
  });

  it('together with others that have the same end', () => {
    expect(verdict(ofTwo, ['country, population', 'capital, population'])).toBe('served');
    expect(verdict(ofTwo, ['country, population'])).toBe('needs country, capital, population');
    expect(verdict(ofTwo, ['country, population', 'capital, -population'])).toMatch(/^needs/);
  });

  it('in the direction that it has, not in the other', () => {
    const descending = cities.where('country', '==', 'USA').orderBy('population', 'desc');
    expect(verdict(descending, ['country, population'])).toBe('needs country, -population');
    expect(verdict(cities.orderBy('state').orderBy('name'), ['-state, -name'])).toBe('needs state, name');
  });

  it('not a query that leaves out one of its values, nor one that sorts by less', () => {
    const one = cities.where('country', '==', 'USA').orderBy('population');
    expect(verdict(one, ['country, capital, population'])).toBe('needs country, population');
    expect(verdict(one, ['country, population, name'])).toBe('needs country, population');
  });

  it('all collections of a name only where it says so', () => {
    const everywhere = new Firestore({ projectId: 'demo-rules' }).collectionGroup('cities');
    expect(verdict(everywhere)).toBe('served');
    expect(verdict(everywhere.where('state', '==', 'CA'))).toBe('needs state');
    const override = {
      collectionGroup: 'cities',
      fieldPath: 'state',
      indexes: [{ order: 'ASCENDING', queryScope: 'COLLECTION_GROUP' } as const],
    };
    expect(verdict(everywhere.where('state', '==', 'CA'), [], [override])).toBe('served');
    expect(verdict(cities.where('state', '==', 'CA'), [], [override])).toBe('needs state');
  });
});

describe('an exempt field', () => {
  const exempt = (fieldPath: string) => [{ collectionGroup: 'cities', fieldPath, indexes: [] }];

  it('cannot be asked for, nor what is below it', () => {
    expect(verdict(cities.where('notes', '==', 'x'), [], exempt('notes'))).toBe('needs notes');
    expect(verdict(cities.orderBy('notes'), [], exempt('notes'))).toBe('needs notes');
    expect(verdict(cities.where('notes.first', '==', 'x'), [], exempt('notes'))).toBe('needs notes.first');
    expect(verdict(cities.where('state', '==', 'x').where('notes', '==', 'x'), [], exempt('notes'))).toMatch(
      /^needs/,
    );
    expect(verdict(cities.where('anything', '==', 'x'), [], exempt('*'))).toBe('needs anything');
    expect(verdict(cities.where('notes-2', '==', 'x'), [], exempt('notes'))).toBe('served');
  });

  it('can be part of an index with others', () => {
    const query = cities.where('notes', '==', 'x').orderBy('population');
    expect(verdict(query, ['notes, population'], exempt('notes'))).toBe('served');
  });

  it('may keep one of its indexes', () => {
    const ascending = {
      collectionGroup: 'cities',
      fieldPath: 'until',
      indexes: [{ order: 'ASCENDING', queryScope: 'COLLECTION' } as const],
    };
    expect(verdict(cities.where('until', '<', 1), [], [ascending])).toBe('served');
    expect(verdict(cities.orderBy('until', 'desc'), [], [ascending])).toBe('needs -until');
  });
});

describe('Firestore refuses whatever indexes there are', () => {
  it('more than 30 alternatives', () => {
    const many = (count: number) =>
      Filter.or(...Array.from({ length: count }, (_, at) => Filter.where(`f${at}`, '==', at)));
    expect(verdict(cities.where(many(30)))).toBe('served');
    expect(verdict(cities.where(many(31)))).toBe('not_allowed');
  });

  it('more than 30 values in its lists, multiplied', () => {
    const values = (count: number) => Array.from({ length: count }, (_, at) => at);
    const lists = (first: number, second: number) =>
      verdict(cities.where('a', 'in', values(first)).where('b', 'in', values(second)));
    expect([lists(30, 1), lists(5, 6), lists(4, 8)]).toEqual(['served', 'served', 'not_allowed']);
  });

  it('two arrays in one alternative', () => {
    const both = cities.where('a', 'array-contains', 1).where('b', 'array-contains', 1);
    expect(verdict(both)).toBe('not_allowed');
  });

  it('ranges on more than ten fields', () => {
    const ranges = Filter.and(...Array.from({ length: 11 }, (_, at) => Filter.where(`f${at}`, '>', at)));
    expect(verdict(cities.where(ranges))).toBe('not_allowed');
  });
});
