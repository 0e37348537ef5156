import { expect, it } from 'vitest';
import { offerOf, type WorkerOffers } from './offers.ts';

const worker = (changes: Partial<WorkerOffers> = {}): WorkerOffers => ({
  operations: ['sketch', 'remove-background', 'caption'],
  models: [],
  fetches: false,
  ...changes,
});

it('an operation is there where some worker knows it', () => {
  expect(offerOf('sketch', [])).toEqual({ available: false, models: null });
  expect(offerOf('sketch', [worker({ operations: ['caption'] })])).toEqual({
    available: false,
    models: null,
  });
  expect(offerOf('sketch', [worker({ operations: [] }), worker()])).toEqual({
    available: true,
    models: null,
  });
});

it('a model is there where it is installed with a worker that knows the operation, and the built-in ones always', () => {
  const workers = [worker({ models: ['u2net'] }), worker({ operations: ['caption'], models: ['silueta'] })];
  expect(offerOf('remove-background', workers).models).toEqual(['auto', 'built-in', 'u2net']);
  expect(offerOf('caption', workers).models).toEqual(['auto', 'built-in']);
  expect(offerOf('caption', [])).toEqual({ available: false, models: ['auto', 'built-in'] });
});

it('every model is there where a worker fetches what it lacks, or does not say what it can do', () => {
  for (const one of [worker({ fetches: true }), null]) {
    expect(offerOf('remove-background', [worker(), one])).toEqual({ available: true, models: null });
  }
});
