import { type WorkerView, workerViewSchema } from '@spillway/web/api/admin-schema.ts';
import { expect, it } from 'vitest';
import { conditionOf, mergeWorkers } from './worker-history.ts';
import { workerWords } from './worker-words.ts';

function worker(id: string, changes: Partial<WorkerView> = {}): WorkerView {
  const view = workerViewSchema.parse({
    id,
    kind: 'vm',
    state: 'ready',
    slots: 2,
    busy: 0,
    cpu: { load: 0.5, perCore: [0.4, 0.6] },
    memory: { totalBytes: 100, usedBytes: 40 },
    process: { cpu: 1, rssBytes: 10, count: 3 },
    perOperation: {},
    models: [],
    startedAt: '2026-01-01T12:00:00Z',
    version: '1',
    expiresAt: '2026-01-01T13:00:00Z',
    ageMs: 0,
    drain: false,
    pause: null,
  });
  return { ...view, ...changes };
}

it('keeps two minutes of samples, one a heartbeat, as shares of the machine', () => {
  let known = mergeWorkers(new Map(), [], 0);
  for (let now = 0; now <= 300_000; now += 2_000) {
    known = mergeWorkers(known, [worker('a')], now);
    // The same heartbeat told once more, a second older.
    known = mergeWorkers(known, [worker('a', { ageMs: 1_000 })], now + 1_000);
  }
  const samples = known.get('a')?.samples ?? [];
  expect(samples).toHaveLength(61);
  expect(samples.at(-1)).toMatchObject({ at: 300_000, machineCpu: 50, ownCpu: 50, ownMemory: 10 });
});

it('lists VMs before Cloud Run and forgets who is no longer there', () => {
  const first = mergeWorkers(new Map(), [worker('r', { kind: 'run' }), worker('z'), worker('b')], 0);
  expect([...first.keys()]).toEqual(['b', 'z', 'r']);
  expect([...mergeWorkers(first, [worker('z')], 0).keys()]).toEqual(['z']);
});

it('tells a worker that has gone silent from one that was stopped or is being drained', () => {
  const watched = (view: WorkerView) => ({ view, seenAt: 0, samples: [] });
  expect(conditionOf(watched(worker('a')), 3_000)).toBe('ready');
  expect(conditionOf(watched(worker('a')), 16_000)).toBe('silent');
  expect(conditionOf(watched(worker('a', { drain: true })), 3_000)).toBe('draining');
  expect(conditionOf(watched(worker('a', { drain: true, state: 'paused' })), 3_000)).toBe('draining');
  expect(conditionOf(watched(worker('a', { drain: true, state: 'drained' })), 3_000)).toBe('drained');
  expect(conditionOf(watched(worker('a', { state: 'stopped' })), 60_000)).toBe('stopped');
});

const pause = { why: 'Its last 3 attempts failed.', since: new Date(0) };

it.each<[Partial<WorkerView>, number, string]>([
  [{}, 0, 'Takes new work.'],
  [{ busy: 2 }, 0, 'Every slot is busy.'],
  [{ state: 'starting' }, 0, 'Starting: takes work as soon as it is ready.'],
  [
    { state: 'paused', pause },
    0,
    'Paused: Its last 3 attempts failed. A test picture that goes well ends it.',
  ],
  [
    { state: 'paused', pause, lacks: ['disk'] },
    0,
    'Cannot work: Its disk is full or fails. It looks every few seconds.',
  ],
  [{ state: 'paused' }, 0, 'Resumed: takes work again in a moment.'],
  [{ drain: true, busy: 2 }, 0, 'Draining: finishes 2 jobs and takes no others.'],
  [{ state: 'draining', drain: true, busy: 1 }, 0, 'Draining: finishes 1 job and takes no others.'],
  [{ state: 'draining', busy: 1, inFlight: 3 }, 0, 'Draining: finishes 3 jobs and takes no others.'],
  [{ state: 'draining', drain: true }, 0, 'Draining: takes no more jobs.'],
  [{ state: 'drained', drain: true }, 0, 'Drained: nothing in progress, safe to stop.'],
  [{ state: 'drained' }, 0, 'Let in again: takes work in a moment.'],
  [{ state: 'stopped' }, 0, 'Stopped: nothing runs here any more.'],
  [{ busy: 1 }, 20_000, 'Silent: no heartbeat. What it was working on goes to others.'],
  [{ kind: 'run' }, 20_000, 'Silent: idle, or ended by Cloud Run.'],
])('says what a worker does: %o', (changes, now, words) => {
  expect(workerWords({ view: worker('a', changes), seenAt: 0, samples: [] }, now)).toBe(words);
});
