import { runConfigSchema } from '@spillway/cloudrun-worker/config.ts';
import { expect, it } from 'vitest';
import { instanceEnvironment } from './instance-environment.ts';

const machine = {
  PATH: '/usr/bin',
  USER: 'somebody',
  HOSTNAME: 'desk',
  NODE_OPTIONS: '--inspect',
  METADATA_SERVER_DETECTION: 'none',
  GOOGLE_APPLICATION_CREDENTIALS: '/home/somebody/key.json',
  SPILLWAY_TOKEN_KEY: 'secret',
  SPILLWAY_RUN_MAX: '3',
  SPILLWAY_WORKER_ID: 'one name for all',
  SPILLWAY_WORK_DIR: '/one/place/for/all',
  SPILLWAY_PROJECT: 'demo-spillway',
  SPILLWAY_UPLOADS_BUCKET: 'uploads',
  SPILLWAY_WEB_UPLOADS_BUCKET: 'web-uploads',
  SPILLWAY_RESULTS_BUCKET: 'results',
  SPILLWAY_SLOTS: '2',
  SPILLWAY_MODELS_SOURCE: 'none',
  FIRESTORE_EMULATOR_HOST: '127.0.0.1:8080',
};
const first = { port: 9000, folder: '/instances/1', metadataHost: '127.0.0.1:9001' };
const second = { port: 9010, folder: '/instances/2', metadataHost: '127.0.0.1:9011' };

it('an instance has what Cloud Run sets and what its service is configured with, and nothing else', () => {
  expect(instanceEnvironment(machine, first)).toEqual({
    PATH: '/usr/bin',
    HOME: first.folder,
    TMPDIR: first.folder,
    PORT: '9000',
    K_SERVICE: 'spillway-worker',
    K_REVISION: 'spillway-worker-00001-abc',
    K_CONFIGURATION: 'spillway-worker',
    GCE_METADATA_HOST: first.metadataHost,
    FIRESTORE_EMULATOR_HOST: '127.0.0.1:8080',
    SPILLWAY_HOST: '127.0.0.1',
    SPILLWAY_PROJECT: 'demo-spillway',
    SPILLWAY_UPLOADS_BUCKET: 'uploads',
    SPILLWAY_WEB_UPLOADS_BUCKET: 'web-uploads',
    SPILLWAY_RESULTS_BUCKET: 'results',
    SPILLWAY_SLOTS: '2',
    SPILLWAY_MODELS_SOURCE: 'none',
  });
});

it('two instances differ in where they are, and in nothing that would name them', () => {
  const [one, other] = [first, second].map((place) => instanceEnvironment(machine, place));
  const differing = Object.keys(one ?? {}).filter((name) => one?.[name] !== other?.[name]);
  expect(differing.sort()).toEqual(['GCE_METADATA_HOST', 'HOME', 'PORT', 'TMPDIR']);
});

it('the worker takes it, and no other source of models', () => {
  const environment = instanceEnvironment(machine, first);
  expect(runConfigSchema.safeParse(environment).success).toBe(true);
  const fetching = runConfigSchema.safeParse({ ...environment, SPILLWAY_MODELS_SOURCE: 'public' });
  expect(fetching.error?.issues.map(({ path }) => path)).toEqual([['SPILLWAY_MODELS_SOURCE']]);
});
