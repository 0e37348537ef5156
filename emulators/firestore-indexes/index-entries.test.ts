import { describe, expect, it } from 'vitest';
import { indexEntries } from './index-entries.ts';
import type { IndexFile } from './index-file.ts';

const ascending = (fieldPath: string) => ({ fieldPath, order: 'ASCENDING' as const });
const index = (...fields: IndexFile['indexes'][number]['fields']): IndexFile['indexes'][number] => ({
  collectionGroup: 'cities',
  queryScope: 'COLLECTION',
  fields,
});
const exempt = (fieldPath: string): IndexFile['fieldOverrides'][number] => ({
  collectionGroup: 'cities',
  fieldPath,
  indexes: [],
});
const file = (parts: Partial<IndexFile>): IndexFile => ({ indexes: [], fieldOverrides: [], ...parts });

const city = {
  name: 'Denver',
  mayor: null,
  founded: new Date(0),
  regions: ['west', 'mountains', 'west'],
  size: { people: 1, area: { land: 2 } },
};

describe('the entries that indexes have of a document', () => {
  it('are two for each value and one for each element of an array, where nothing is exempt', () => {
    // name, mayor, founded, size.people and size.area.land; two different regions.
    expect(indexEntries(city, file({}), 'cities')).toEqual({ composite: 0, single: 5 * 2 + 2 });
  });

  it('are none of what is exempt, by itself, in a map or with all others', () => {
    const without = (...paths: string[]) =>
      indexEntries(city, file({ fieldOverrides: paths.map(exempt) }), 'cities').single;
    expect(without('name')).toBe(10);
    expect(without('size')).toBe(8);
    expect(without('*')).toBe(0);
    const named = { ...exempt('size.people'), indexes: [{ order: 'ASCENDING' as const }] };
    const overrides = [
      exempt('*'),
      { ...named, indexes: [{ ...named.indexes[0], queryScope: 'COLLECTION' as const }] },
    ];
    expect(indexEntries(city, file({ fieldOverrides: overrides }), 'cities').single).toBe(1);
    expect(indexEntries(city, file({ fieldOverrides: [exempt('*')] }), 'towns').single).toBe(12);
  });

  it('of a composite index are one where all fields are there, null included, and one for each element', () => {
    const composite = (...indexes: IndexFile['indexes']) =>
      indexEntries(city, file({ indexes }), 'cities').composite;
    expect(composite(index(ascending('name'), ascending('mayor')))).toBe(1);
    expect(composite(index(ascending('name'), ascending('size.area.land')))).toBe(1);
    expect(composite(index(ascending('name'), ascending('river')))).toBe(0);
    const regions = { fieldPath: 'regions', arrayConfig: 'CONTAINS' as const };
    expect(composite(index(regions, ascending('name')), index(ascending('name'), regions))).toBe(4);
    expect(composite({ ...index(ascending('name')), collectionGroup: 'towns' })).toBe(0);
  });
});
