import { expect, it } from 'vitest';
import { dataFolderAt } from './data-folder.ts';
import { readServeOptions } from './options.ts';
import { type Plan, storagePart, workingParts } from './parts.ts';

function plan(given: Parameters<typeof readServeOptions>[0], environment: Plan['environment'] = {}): Plan {
  return {
    options: readServeOptions(given, {}),
    folder: dataFolderAt('/data'),
    secrets: { admin: 'a'.repeat(32), session: 's'.repeat(32) },
    version: '1.2.3',
    ports: { storage: 9_199, router: 9_200 },
    environment,
  };
}

const names = (of: Plan) => workingParts(of).map(({ name }) => name);
const environmentOf = (of: Plan, name: string) =>
  workingParts(of).find((part) => part.name === name)?.environment ?? {};

it('pictures are sent to Cloud Run where there is an address of one', () => {
  expect(names(plan({}))).toEqual(['router', 'site', 'worker']);
  expect(names(plan({}, { SPILLWAY_RUN_URL: 'https://run.example' }))).toEqual([
    'router',
    'site',
    'worker',
    'spill',
  ]);
});

it('every part finds the storage server, wherever it listens', () => {
  const elsewhere = plan({ storageHost: '192.0.2.7', storagePort: 9_199 });
  expect(storagePart(elsewhere).environment.SPILLWAY_STORAGE_HOST).toBe('192.0.2.7');
  for (const { environment } of workingParts(elsewhere)) {
    expect(environment.STORAGE_EMULATOR_HOST).toBe('http://192.0.2.7:9199');
  }
  expect(environmentOf(plan({ storageHost: '0.0.0.0' }), 'site').SPILLWAY_STORAGE_FORWARD).toBe(
    'http://127.0.0.1:9199',
  );
});

it('a secret reaches the part that needs it, and no other', () => {
  const of = plan(
    {},
    { SPILLWAY_JOB_EVENTS_TOKEN: 'token', SPILLWAY_ADMIN_TOKEN: 'of a shell', PATH: '/bin' },
  );
  const holders = (value: string) =>
    [storagePart(of), ...workingParts(of)]
      .filter(({ environment }) => Object.values(environment).includes(value))
      .map(({ name }) => name);
  expect(holders('token')).toEqual(['router']);
  expect(holders('of a shell')).toEqual([]);
  expect(holders(of.secrets.admin)).toEqual(['site']);
  expect(holders(of.secrets.session)).toEqual(['site']);
  expect(holders('/bin')).toHaveLength(4);
});

it('deleted pictures are gone at once, unless somebody wants them back', () => {
  expect(environmentOf(plan({}), 'site').SPILLWAY_DELETION).toBe('at_once');
  const kept = plan({}, { SPILLWAY_DELETION: 'as_bucket' });
  expect(environmentOf(kept, 'site').SPILLWAY_DELETION).toBe('as_bucket');
});

it('limits of the disk are bytes for the storage server', () => {
  const { environment } = storagePart(plan({ minFree: 0.5, maxStored: 2 }));
  expect(environment).toMatchObject({
    SPILLWAY_STORAGE_FREE_BYTES: String(2 ** 29),
    SPILLWAY_STORAGE_MOST_BYTES: String(2 ** 31),
  });
});
