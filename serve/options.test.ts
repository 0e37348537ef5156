import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { type Given, readServeOptions } from './options.ts';

it('has a default for everything', () => {
  expect(readServeOptions({}, {})).toMatchObject({
    data: 'spillway-data',
    host: '127.0.0.1',
    port: 4_321,
    models: null,
    publicUrl: null,
    proxies: 0,
    storage: { host: '127.0.0.1', port: null },
    keptDays: { uploads: null, results: null },
    disk: { minFree: null, maxStored: null },
    logs: 'files',
  });
});

it('takes variables, and flags before them', () => {
  const environment = {
    SPILLWAY_DATA: '/var/lib/spillway',
    PORT: '8080',
    SPILLWAY_SLOTS: '3',
    SPILLWAY_MODELS_DIR: 'models',
    SPILLWAY_PUBLIC_URL: 'https://pictures.example.org',
    SPILLWAY_LOGS: 'output',
    SPILLWAY_HOST: '',
    SPILLWAY_UPLOADS_KEPT_DAYS: '30',
  };
  expect(readServeOptions({ port: 9_000, storagePort: '9199', minFree: 0.5 }, environment)).toEqual({
    data: '/var/lib/spillway',
    host: '127.0.0.1',
    port: 9_000,
    slots: 3,
    models: resolve('models'),
    publicUrl: 'https://pictures.example.org',
    proxies: 1,
    storage: { host: '127.0.0.1', port: 9_199 },
    keptDays: { uploads: 30, results: null },
    disk: { minFree: 0.5, maxStored: null },
    logs: 'output',
  });
});

it.each<[Given, string]>([
  [{ port: 'http' }, '--port: "http" is no number.'],
  [{ port: 0 }, '--port: 0 is below 1.'],
  [{ port: 70_000 }, '--port: 70000 is above 65535.'],
  [{ port: 80.5 }, '--port: 80.5 is no whole number.'],
  [{ slots: 0 }, '--slots: 0 is below 1.'],
  [{ slots: true }, '--slots has no value.'],
  [{ storagePort: [1, 2] }, '--storage-port may be given once.'],
  [{ uploadsKeptDays: 2 }, '--uploads-kept-days: 2 is below 3.'],
  [{ maxStored: 'all' }, '--max-stored: "all" is no number.'],
  [{ logs: 'syslog' }, '--logs: "syslog" is neither files nor output.'],
  [{ publicUrl: 'pictures.example.org' }, '--public-url: "pictures.example.org" is not like https://'],
  [{ publicUrl: 'https://example.org/pictures' }, 'the site needs an origin of its own, without a path.'],
  [{ publicUrl: 'ftp://example.org' }, '--public-url'],
  [{ publicUrl: 'https://me:secret@example.org' }, '--public-url'],
])('says what is wrong with %j', (given, sentence) => {
  expect(() => readServeOptions(given, {})).toThrow(sentence);
});

it('names the variable whose value cannot be used', () => {
  expect(() => readServeOptions({}, { PORT: 'x' })).toThrow('PORT: "x" is no number.');
});
