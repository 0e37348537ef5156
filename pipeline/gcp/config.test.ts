import { describe, expect, it } from 'vitest';
import { gcpConfigSchema, parseConfig } from './config.ts';

const environment = {
  SPILLWAY_PROJECT: 'demo',
  SPILLWAY_UPLOADS_BUCKET: 'uploads',
  SPILLWAY_RESULTS_BUCKET: 'results',
};

describe('the environment', () => {
  it('names each variable that is missing', () => {
    expect(() => parseConfig(gcpConfigSchema, {})).toThrow(/SPILLWAY_PROJECT.*SPILLWAY_RESULTS_BUCKET/s);
  });

  it('has two buckets, or no program of Spillway starts', () => {
    expect(parseConfig(gcpConfigSchema, environment)).toEqual(environment);
    const shared = { ...environment, SPILLWAY_RESULTS_BUCKET: 'uploads' };
    const extended = gcpConfigSchema.extend({});
    for (const schema of [gcpConfigSchema, extended]) {
      expect(() => parseConfig(schema, shared)).toThrow(/bucket of their own/);
    }
  });
});
