import { randomUUID } from 'node:crypto';
import { defaultRoutingSettings } from '@spillway/core/settings.ts';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createMemoryPorts } from '../memory/ports.ts';
import { storeClock } from '../store-clock.ts';
import { emulatorPorts } from '../testing/emulator-ports.ts';
import { manualClock } from '../testing/manual-clock.ts';
import { createFirestoreRoutingDocuments } from './routing-documents.ts';
import { createFirestoreSettings } from './settings.ts';

/** Settings in a database of their own, read by a process whose clock does not move. */
function world() {
  const { firestore, close } = emulatorPorts(`demo-settings-${randomUUID().slice(0, 8)}`);
  onTestFinished(close);
  const clock = manualClock();
  const problems: unknown[] = [];
  const invalid: string[] = [];
  const log = { ...createMemoryPorts().log, error: (fields: object) => problems.push(fields) };
  return {
    clock,
    problems,
    invalid,
    settings: createFirestoreSettings(firestore, clock, log, (document) => invalid.push(document)),
    states: createFirestoreRoutingDocuments(firestore, storeClock(clock), log).routerStates,
    write: (path: string, data: object) => firestore.doc(path).set(data),
  };
}

describe('settings in Firestore', () => {
  it('take effect within five seconds, and are not read for each job', async () => {
    const { settings, clock, write } = world();
    expect(await settings.routing()).toEqual(defaultRoutingSettings);
    await write('settings/routing', { confidence: 3, run: { maxInstances: 7 } });
    await write('settings/sources', { rules: [{ prefix: 'x/', operations: ['sketch'], class: 'bulk' }] });
    expect((await settings.routing()).confidence).toBe(defaultRoutingSettings.confidence);
    clock.advance(5_000);
    expect(await settings.routing()).toMatchObject({
      confidence: 3,
      run: { maxInstances: 7, coldStartMs: 3_000 },
    });
    expect(await settings.sourceRules()).toMatchObject([{ prefix: 'x/', class: 'bulk', owner: null }]);
  });

  it('that do not validate leave the last good ones in force, and what is wrong is told', async () => {
    const { settings, clock, write, problems } = world();
    await write('settings/routing', { confidence: 3 });
    expect((await settings.routing()).confidence).toBe(3);
    await write('settings/routing', { confidence: 'very', policy: 'deadline' });
    for (let reading = 0; reading < 3; reading++) {
      clock.advance(5_000);
      expect((await settings.routing()).confidence).toBe(3);
    }
    expect(await settings.readRouting()).toMatchObject({
      settings: { confidence: 3 },
      problem: expect.stringContaining('confidence'),
    });
    // It is reported once, and not at every read.
    expect(problems).toHaveLength(1);
    await write('settings/routing', { confidence: 2 });
    expect(await settings.readRouting()).toMatchObject({ settings: { confidence: 2 }, problem: null });
  });

  it('that never were valid leave the default ones in force', async () => {
    const { settings, write, invalid } = world();
    await write('settings/routing', { policy: 'guess' });
    await write('settings/sources', { rules: 'none' });
    expect(await settings.routing()).toEqual(defaultRoutingSettings);
    expect(await settings.sourceRules()).toEqual([]);
    expect((await settings.readRouting()).problem).toContain('policy');
    expect(invalid).toEqual(['settings/sources']);
  });

  it('are in force at once where they are changed, and say by whom', async () => {
    const { settings, clock } = world();
    await settings.routing();
    const wanted = { ...defaultRoutingSettings, confidence: 4 };
    expect(await settings.changeRouting(wanted, 'ann')).toEqual({
      settings: wanted,
      change: { updatedBy: 'ann', updatedAt: clock.now() },
      problem: null,
    });
    expect(await settings.routing()).toEqual(wanted);
  });
});

describe('what routers know, in Firestore', () => {
  it('is as good as nothing where it is not valid, and routing goes on', async () => {
    const { states, write, problems } = world();
    await write('routing/state', { breaker: { state: 'broken' }, spentLastHour: 3 });
    expect(await states.read()).toMatchObject({ breaker: { state: 'closed' }, spentLastHour: 0 });
    expect(problems).toHaveLength(1);
  });
});
