import { describe, expect, it } from 'vitest';
import { baseConfigSchema, parseConfig } from './config.ts';

const environment = {
  SPILLWAY_PROJECT: 'demo',
  SPILLWAY_UPLOADS_BUCKET: 'uploads',
  SPILLWAY_RESULTS_BUCKET: 'results',
};

describe('the environment', () => {
  it('names each variable that is missing', () => {
    expect(() => parseConfig(baseConfigSchema, {})).toThrow(/SPILLWAY_PROJECT.*SPILLWAY_RESULTS_BUCKET/s);
  });

  it('has two buckets, or no program of Spillway starts', () => {
    expect(parseConfig(baseConfigSchema, environment)).toEqual({ ...environment, SPILLWAY_OPERATIONS: '' });
    const shared = { ...environment, SPILLWAY_RESULTS_BUCKET: 'uploads' };
    const extended = baseConfigSchema.extend({});
    for (const schema of [baseConfigSchema, extended]) {
      expect(() => parseConfig(schema, shared)).toThrow(/bucket of their own/);
    }
  });
});
