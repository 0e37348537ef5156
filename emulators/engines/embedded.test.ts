import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { initialRouterState } from '@spillway/core/routing/state.ts';
import { routingSettingsSchema } from '@spillway/core/settings.ts';
import { openDatabase } from '@spillway/pipeline/embedded/database.ts';
import { createEmbeddedRouterStates } from '@spillway/pipeline/embedded/routing-documents.ts';
import { createEmbeddedSettings } from '@spillway/pipeline/embedded/settings.ts';
import { StartError } from '@spillway/supervisor/start-error.ts';
import { expect, it, onTestFinished } from 'vitest';
import { createEmbeddedEngine } from './embedded.ts';

async function emptyFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'spillway-embedded-engine-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** An engine that has started on a new file, and the ports that programs have on it. */
async function startedEngine() {
  const file = join(await emptyFolder(), 'spillway.db');
  const engine = createEmbeddedEngine(file);
  await engine.start();
  const database = await openDatabase(file);
  onTestFinished(() => database.close());
  const log = { info() {}, warn() {}, error() {} };
  return {
    engine,
    settings: createEmbeddedSettings(database, log, () => {}),
    routerStates: createEmbeddedRouterStates(database, log),
  };
}

const limits = { maxInstances: 7, concurrency: 2, models: ['u2net'] };

it('tells routers what Cloud Run takes, and leaves an admin’s other settings', async () => {
  const { engine, settings } = await startedEngine();
  const wanted = routingSettingsSchema.parse({ policy: 'threshold', run: { enabled: false } });
  await settings.changeRouting(wanted, 'an admin');
  await engine.limitCloudRun(limits);
  const { settings: inForce, change, problem } = await settings.readRouting();
  expect(problem).toBeNull();
  expect(inForce).toEqual({ ...wanted, run: { ...wanted.run, ...limits } });
  expect(change).toMatchObject({ updatedBy: 'an admin' });
});

it('forgets an earlier Cloud Run’s refusals, and nothing that was learned', async () => {
  const { engine, routerStates } = await startedEngine();
  await engine.forgetCloudRun();
  expect(await routerStates.read()).toEqual(initialRouterState);
  const before = await routerStates.read();
  const written = await routerStates.replace(before, {
    ...before,
    spentLastHour: 3,
    breaker: { ...before.breaker, state: 'paused', trips: 2 },
  });
  expect(written).not.toBeNull();
  await engine.forgetCloudRun();
  expect(await routerStates.read()).toEqual({ ...written, breaker: initialRouterState.breaker });
});

it('says in a sentence why a file cannot be used, and leaves it as it is', async () => {
  const file = join(await emptyFolder(), 'spillway.db');
  const text = 'This is somebody’s diary, and no database of anybody. '.repeat(20);
  await writeFile(file, text);
  await expect(createEmbeddedEngine(file).start()).rejects.toThrow(StartError);
  expect(await readFile(file, 'utf8')).toBe(text);
});
