import { describe, expect, it } from 'vitest';
import { routingSettingsSchema } from '../settings.ts';
import { later, noon } from '../testing/sample-job.ts';
import { sampleWorker } from '../testing/sample-worker.ts';
import { alertsOf } from './alerts.ts';
import { initialRouterState, type RouterState } from './state.ts';

const paused: RouterState = {
  ...initialRouterState,
  breaker: {
    ...initialRouterState.breaker,
    state: 'paused',
    until: later(9_600),
    why: 'Its last 3 jobs failed.',
  },
};

function alerts(changes: Partial<Parameters<typeof alertsOf>[0]> = {}) {
  return alertsOf({
    now: noon,
    workers: [sampleWorker()],
    state: initialRouterState,
    settings: routingSettingsSchema.parse({}),
    ignoredHeartbeats: 0,
    settingsProblem: null,
    uploadRefusal: null,
    passedOver: [],
    ...changes,
  });
}

const codes = (changes: Partial<Parameters<typeof alertsOf>[0]>) => alerts(changes).map(({ code }) => code);

describe('alerts', () => {
  it('are none while all is well', () => {
    expect(alerts()).toEqual([]);
    // Without a VM Cloud Run does all, and the other way round.
    expect(alerts({ workers: [] })).toEqual([]);
    expect(alerts({ settings: routingSettingsSchema.parse({ run: { enabled: false } }) })).toEqual([]);
  });

  it('say that no uploads are taken, and why, before everything else', () => {
    const uploadRefusal = 'The disk would have less than 512 MB free.';
    const closed = { workers: [], settings: routingSettingsSchema.parse({ run: { enabled: false } }) };
    expect(codes({ uploadRefusal, ...closed })).toEqual(['uploads_refused', 'nothing_takes_work']);
    expect(alerts({ uploadRefusal })[0]?.message).toContain(uploadRefusal);
  });

  it('say when nothing takes work, first of all', () => {
    expect(codes({ workers: [], state: paused })).toEqual(['nothing_takes_work', 'run_paused']);
    const off = routingSettingsSchema.parse({ run: { enabled: false } });
    expect(codes({ workers: [], settings: off })).toEqual(['nothing_takes_work']);
    expect(codes({ workers: [sampleWorker({ ageMs: 6_501 })], settings: off })).toEqual([
      'nothing_takes_work',
    ]);
    const none = routingSettingsSchema.parse({ run: { maxInstances: 0 } });
    expect(codes({ workers: [], settings: none })).toEqual(['nothing_takes_work']);
  });

  it('say why Cloud Run is paused and when it is tried out', () => {
    expect(alerts({ state: paused })).toEqual([
      {
        code: 'run_paused',
        subject: null,
        message:
          'Cloud Run is paused. Its last 3 jobs failed. A small picture of Spillway’s own tries it out before the pause ends, in 10 s.',
      },
    ]);
    const probing: RouterState = { ...paused, breaker: { ...paused.breaker, state: 'probing' } };
    expect(alerts({ state: probing })[0]?.message).toMatch(
      /^Cloud Run is on trial\. It was paused: Its last 3 jobs failed\. A small picture .*, and nobody’s job\./,
    );
    expect(alerts({ state: probing, now: later(10_000) })).toEqual([]);
  });

  it('say who has paused Cloud Run by hand, until when, and that it ends by itself', () => {
    const pause = { why: 'The bill is being looked at.', until: later(600_000).toISOString() };
    const settings = routingSettingsSchema.parse({ run: { pause } });
    expect(alerts({ settings })).toEqual([
      {
        code: 'run_paused',
        subject: null,
        message:
          'Cloud Run is paused. An admin has paused it: The bill is being looked at. It takes work again in 10 min, or when an admin ends the pause.',
      },
    ]);
    expect(alerts({ settings, now: later(600_000) })).toEqual([]);
    const forGood = routingSettingsSchema.parse({ run: { pause: { ...pause, until: null } } });
    expect(codes({ settings: forGood, workers: [] })).toEqual(['nothing_takes_work', 'run_paused']);
  });

  it('say when an hour has cost as much as it may', () => {
    const settings = routingSettingsSchema.parse({ run: { mostDollarsPerHour: 2 } });
    const spent = (dollars: number) => ({ ...initialRouterState, spentLastHour: dollars });
    expect(alerts({ settings, state: spent(1.99) })).toEqual([]);
    expect(alerts({ settings, state: spent(2.5) })).toMatchObject([{ code: 'run_over_budget' }]);
    expect(alerts({ settings, state: spent(2.5) })[0]?.message).toContain('$2.50 within an hour, and $2.00');
    const cheap = routingSettingsSchema.parse({ run: { mostDollarsPerHour: 1e-7 } });
    expect(alerts({ settings: cheap, state: spent(0.0046) })[0]?.message).toContain(
      '$0.0046 within an hour, and $0.0000001 is',
    );
    expect(codes({ settings, state: spent(2.5), workers: [] })).toEqual([
      'nothing_takes_work',
      'run_over_budget',
    ]);
    expect(alerts({ state: spent(1e6) })).toEqual([]);
  });

  it('name VMs that have paused themselves, while they are heard of', () => {
    const ill = sampleWorker({ id: 'vm-2', state: 'paused' });
    expect(alerts({ workers: [sampleWorker(), ill] })).toMatchObject([
      { code: 'vm_paused', message: 'vm-2 has paused itself until a test picture goes well.' },
    ]);
    expect(alerts({ workers: [sampleWorker(), { ...ill, ageMs: 6_501 }] })).toEqual([]);
  });

  it('say what a machine lacks, on either side', () => {
    const full = sampleWorker({ id: 'vm-2', state: 'paused', lacks: ['disk'] });
    const short = sampleWorker({ id: 'run-1', kind: 'run', state: 'draining', lacks: ['file_handles'] });
    expect(alerts({ workers: [sampleWorker(), full, short] }).map(({ message }) => message)).toEqual([
      'The machine of vm-2 cannot work: Its disk is full or fails. It takes no work until it can.',
      'The machine of run-1 cannot work: Too many files are open. It takes no work until it can.',
    ]);
  });

  it('pass on what is wrong with the settings, and count heartbeats that were ignored', () => {
    expect(alerts({ settingsProblem: 'confidence is a word' })[0]).toMatchObject({
      code: 'settings_invalid',
      message: expect.stringContaining('confidence is a word'),
    });
    expect(alerts({ ignoredHeartbeats: 1 })[0]?.message).toBe(
      '1 heartbeat is malformed or from the future, and ignored.',
    );
    expect(alerts({ ignoredHeartbeats: 2 })[0]?.message).toContain('2 heartbeats are');
  });

  it('name what was passed over, a few one by one and the others by their number', () => {
    const items = Array.from({ length: 7 }, (_, index) => ({
      task: 'search' as const,
      item: `gs://uploads/sketch/${index}.jpg#1`,
      why: 'It was refused.',
      since: noon,
      lastAt: noon,
      times: index + 1,
      expiresAt: later(1_000),
    }));
    const messages = alerts({ passedOver: items }).map(({ message }) => message);
    expect(messages).toHaveLength(6);
    expect(messages[0]).toBe(
      'The search for lost uploads can do nothing for gs://uploads/sketch/0.jpg#1 since 2026-01-01T12:00:00.000Z: It was refused.',
    );
    expect(messages[1]).toContain('2 times');
    expect(messages[5]).toContain('2 more items');
    expect(codes({ passedOver: items.slice(0, 1) })).toEqual(['passed_over']);
  });
});
