import { describe, expect, it } from 'vitest';
import { baseConfigSchema, bucketsOf, databaseOf, parseConfig } from './config.ts';

const environment = {
  SPILLWAY_PROJECT: 'demo',
  SPILLWAY_UPLOADS_BUCKET: 'uploads',
  SPILLWAY_WEB_UPLOADS_BUCKET: 'web-uploads',
  SPILLWAY_RESULTS_BUCKET: 'results',
};

describe('the environment', () => {
  it('names each variable that is missing', () => {
    expect(() => parseConfig(baseConfigSchema, {})).toThrow(/SPILLWAY_PROJECT.*SPILLWAY_RESULTS_BUCKET/s);
  });

  it('has three buckets', () => {
    expect(bucketsOf(parseConfig(baseConfigSchema, environment))).toEqual({
      uploads: 'uploads',
      webUploads: 'web-uploads',
      results: 'results',
    });
  });

  it('names a database with the embedded engine, and with no other', () => {
    const embedded = { ...environment, SPILLWAY_ENGINE: 'embedded' };
    const file = { SPILLWAY_DATABASE: '/var/lib/spillway/spillway.db' };
    expect(databaseOf(parseConfig(baseConfigSchema, environment))).toBeNull();
    expect(databaseOf(parseConfig(baseConfigSchema, { ...embedded, ...file }))).toBe(file.SPILLWAY_DATABASE);
    expect(() => parseConfig(baseConfigSchema, embedded)).toThrow('name it in SPILLWAY_DATABASE');
    expect(() => parseConfig(baseConfigSchema, { ...environment, ...file })).toThrow(
      'SPILLWAY_ENGINE=embedded',
    );
  });

  it.each([
    ['SPILLWAY_UPLOADS_BUCKET', 'SPILLWAY_RESULTS_BUCKET'],
    ['SPILLWAY_UPLOADS_BUCKET', 'SPILLWAY_WEB_UPLOADS_BUCKET'],
    ['SPILLWAY_WEB_UPLOADS_BUCKET', 'SPILLWAY_RESULTS_BUCKET'],
  ] as const)('lets no program start where %s and %s are one', (one, other) => {
    const shared = { ...environment, [other]: environment[one] };
    const sentence = `${one} and ${other} are both "${environment[one]}": give`;
    for (const schema of [baseConfigSchema, baseConfigSchema.extend({})]) {
      expect(() => parseConfig(schema, shared)).toThrow(sentence);
    }
    expect(() => bucketsOf(baseConfigSchema.parse(shared))).toThrow(sentence);
  });
});
