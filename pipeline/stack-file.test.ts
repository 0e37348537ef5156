import { expect, it } from 'vitest';
import { baseConfigSchema, databaseOf, parseConfig } from './config.ts';
import { engineVariables, environmentOf, type StackAddresses, stackFileSchema } from './stack-file.ts';

const addresses = {
  project: 'demo',
  web: 'http://127.0.0.1:4321',
  storage: 'http://127.0.0.1:9199',
  cloudRun: { admin: '127.0.0.1:1', service: 'projects/demo/locations/local/services/worker' },
  called: {
    route: 'http://127.0.0.1:2/',
    routeWeb: 'http://127.0.0.1:6/',
    sweep: 'http://127.0.0.1:3/',
    findLost: 'http://127.0.0.1:4/',
    worker: 'http://127.0.0.1:5/push',
  },
  metadataHosts: {},
  buckets: { uploads: 'uploads', webUploads: 'web-uploads', results: 'results' },
  adminUrl: 'http://127.0.0.1:4321/admin/enter#token=a',
};
const google: StackAddresses = {
  engine: 'google',
  firestore: '127.0.0.1:8080',
  pubsub: '127.0.0.1:8085',
  ...addresses,
};
const embedded: StackAddresses = { engine: 'embedded', database: '/data/spillway.db', ...addresses };

it('gives programs what a stack’s engine needs, and nothing of the other engine', () => {
  const databases = [google, embedded].map((stack) =>
    databaseOf(parseConfig(baseConfigSchema, environmentOf(stack))),
  );
  expect(databases).toEqual([null, '/data/spillway.db']);
  const named = [google, embedded].map((stack) =>
    engineVariables.filter((name) => name in environmentOf(stack)),
  );
  expect(named).toEqual([
    ['SPILLWAY_ENGINE', 'FIRESTORE_EMULATOR_HOST', 'PUBSUB_EMULATOR_HOST'],
    ['SPILLWAY_ENGINE', 'SPILLWAY_DATABASE'],
  ]);
});

it('reads the file of each engine, and none that lacks what its engine needs', () => {
  const pids = { launcher: 1 };
  for (const stack of [google, embedded])
    expect(stackFileSchema.parse({ ...stack, pids })).toEqual({ ...stack, pids });
  expect(stackFileSchema.safeParse({ ...google, engine: 'embedded', pids }).success).toBe(false);
  expect(stackFileSchema.safeParse({ ...embedded, engine: 'google', pids }).success).toBe(false);
});
