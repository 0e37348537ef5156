import { describe, expect, it } from 'vitest';
import { controlSchema, heartbeatKeptMs, readHeartbeat } from './heartbeat.ts';
import { later, noon } from './testing/sample-job.ts';
import { sampleWorker } from './testing/sample-worker.ts';

const { ageMs: _, ...heartbeat } = sampleWorker({ startedAt: noon });

describe('a heartbeat', () => {
  it('is a worker with its age', () => {
    expect(readHeartbeat(heartbeat, 1_500, noon)).toEqual({
      kind: 'worker',
      worker: { ...heartbeat, ageMs: 1_500 },
    });
  });

  it('of an older version, which says nothing of what it has learned, is read', () => {
    const { delivery: __, coldStartMs: ___, io: ____, inFlight: _____, ...older } = heartbeat;
    const perOperation = { sketch: { serviceMs: 100, succeeded: 1, failed: 0 } };
    const read = readHeartbeat({ ...older, perOperation }, 0, noon);
    expect(read).toMatchObject({
      kind: 'worker',
      worker: {
        delivery: null,
        io: null,
        inFlight: null,
        coldStartMs: null,
        perOperation: { sketch: { learned: null } },
      },
    });
  });

  it('that lacks what only a newer version knows is read nevertheless', () => {
    const known = readHeartbeat({ ...heartbeat, lacks: ['disk'] }, 0, noon);
    expect(known).toMatchObject({ worker: { lacks: ['disk'] } });
    const newer = readHeartbeat({ ...heartbeat, lacks: ['disk', 'daylight'] }, 0, noon);
    expect(newer).toMatchObject({ kind: 'worker', worker: { lacks: ['disk', 'daylight'] } });
  });

  it.each([
    ['nothing', undefined],
    ['no object', 'ready'],
    ['incomplete', { ...heartbeat, slots: undefined }],
    ['of a state that is none', { ...heartbeat, state: 'asleep' }],
    ['one with a negative number of slots', { ...heartbeat, slots: -1 }],
    ['one with a load that is no number', { ...heartbeat, cpu: { load: Number.NaN, perCore: [] } }],
    [
      'one with figures for too few bands',
      {
        ...heartbeat,
        perOperation: {
          sketch: {
            serviceMs: 1,
            succeeded: 1,
            failed: 0,
            learned: { all: { p50: 1, p90: 1, count: 1 }, bands: [null] },
          },
        },
      },
    ],
  ])('that is %s is malformed', (_name, data) => {
    expect(readHeartbeat(data, 0, noon)).toEqual({ kind: 'malformed' });
  });

  it('from the future is told from one whose clock is a little ahead', () => {
    expect(readHeartbeat(heartbeat, -1, noon)).toEqual({ kind: 'from_the_future' });
    const startedIn = (ms: number) => readHeartbeat({ ...heartbeat, startedAt: later(ms) }, 0, noon).kind;
    expect(startedIn(60_000)).toBe('worker');
    expect(startedIn(60_001)).toBe('from_the_future');
  });
});

describe('what the admin wants of a worker', () => {
  it('is nothing until it is said', () => {
    expect(controlSchema.parse({})).toEqual({ drain: false, pause: null });
  });
});

it('a heartbeat of a worker that has gone leaves sooner than that of one that is silent', () => {
  const kept = [
    heartbeatKeptMs({ kind: 'vm', state: 'stopped' }),
    heartbeatKeptMs({ kind: 'run', state: 'ready' }),
    heartbeatKeptMs({ kind: 'vm', state: 'ready' }),
  ];
  expect(kept).toEqual(kept.toSorted((a, b) => a - b));
  expect(kept[0]).toBeLessThanOrEqual(60_000);
});
