import { describe, expect, it } from 'vitest';
import { defaultRoutingSettings, routingSettingsSchema } from '../settings.ts';
import { noon } from '../testing/sample-job.ts';
import type { ArrivalForecast } from './forecaster.ts';
import {
  decidePrewarming,
  type PrewarmingDecision,
  type PrewarmingQuestion,
  prewarmingWords,
} from './prewarming.ts';

const on = routingSettingsSchema.parse({
  forecast: { prewarming: true, minInstances: { least: 1, most: 6 } },
  run: { maxInstances: 20 },
});

/** Jobs that keep this number of slots busy, for certain. */
function busy(slots: number): ArrivalForecast {
  const minutes = Array.from({ length: 15 }, () => ({ expected: slots, upper: slots }));
  return new Map([['sketch', { minutes, workMs: 60_000 }]]);
}

function ask(question: Partial<PrewarmingQuestion> = {}): PrewarmingDecision {
  return decidePrewarming({
    now: noon,
    minute: 100,
    settings: on,
    forecast: busy(0),
    vmSlots: 0,
    breaker: { state: 'closed' },
    before: { wanted: [], set: null, changedAt: null },
    ...question,
  });
}

/** Plays minutes one after the other, as the leader does. */
function play(forecasts: (ArrivalForecast | null)[], settings = on): number[] {
  let before: PrewarmingQuestion['before'] = { wanted: [], set: null, changedAt: null };
  return forecasts.map((forecast, index) => {
    const now = new Date(noon.getTime() + index * 60_000);
    const decision = ask({ now, minute: 100 + index, forecast, settings, before });
    if (decision.kind !== 'keep') throw new Error(decision.kind);
    const changed = decision.count !== before.set;
    before = {
      wanted: decision.lately,
      set: decision.count,
      changedAt: changed ? now : before.changedAt,
    };
    return decision.count;
  });
}

describe('prewarming', () => {
  it('is off by default, and leaves the minimum alone', () => {
    expect(ask({ settings: defaultRoutingSettings })).toEqual({ kind: 'leave', reason: 'off' });
  });

  it('gives back what it has set once it is switched off', () => {
    const settings = routingSettingsSchema.parse({ forecast: { minInstances: { least: 2 } } });
    const before = { wanted: [], set: 5, changedAt: noon };
    expect(ask({ settings, before })).toEqual({ kind: 'give_back', count: 2, reason: 'off' });
  });

  it('rises at once, and falls only after five minutes in which less was wanted', () => {
    const counts = play([busy(0), busy(5), ...Array.from({ length: 8 }, () => busy(0))]);
    expect(counts).toEqual([1, 5, 5, 5, 5, 5, 1, 1, 1, 1]);
  });

  it('a single quiet minute ends nothing', () => {
    expect(play([busy(5), busy(0), busy(5), busy(0), busy(5)])).toEqual([5, 5, 5, 5, 5]);
  });

  it('goes back to the least at once when nothing is forecast', () => {
    expect(play([busy(5), null, busy(5)])).toEqual([5, 1, 5]);
  });

  it('keeps to the bounds', () => {
    expect(play([busy(100)])).toEqual([6]);
    expect(ask({ vmSlots: 1_000 })).toMatchObject({ count: 1 });
    const narrow = routingSettingsSchema.parse({
      forecast: { prewarming: true, minInstances: { least: 4, most: 6 } },
      run: { maxInstances: 2 },
    });
    expect(ask({ settings: narrow, forecast: busy(100) })).toMatchObject({ count: 2 });
    const lowered = routingSettingsSchema.parse({
      forecast: { prewarming: true, minInstances: { least: 0, most: 3 } },
    });
    const before = { wanted: [{ minute: 99, count: 6 }], set: 6, changedAt: null };
    expect(ask({ settings: lowered, forecast: busy(0), before })).toMatchObject({ count: 3 });
  });

  it('changes no more than once a minute', () => {
    const before = { wanted: [], set: 1, changedAt: noon };
    const soon = new Date(noon.getTime() + 59_999);
    expect(ask({ now: soon, forecast: busy(5), before })).toMatchObject({
      count: 1,
      reason: 'held',
      wanted: 5,
    });
    // A bound that the admin moves holds at once.
    const above = { ...before, set: 20 };
    expect(ask({ now: soon, before: above })).toMatchObject({ count: 6 });
    const later = new Date(noon.getTime() + 60_000);
    expect(ask({ now: later, forecast: busy(5), before })).toMatchObject({ count: 5, reason: 'forecast' });
  });

  it('keeps the least while Cloud Run is paused, and nothing where it is off', () => {
    const paused = ask({ forecast: busy(5), breaker: { state: 'paused' } });
    expect(paused).toMatchObject({ count: 1, reason: 'run_paused' });
    const settings = routingSettingsSchema.parse({ ...on, run: { enabled: false } });
    expect(ask({ settings, forecast: busy(5) })).toMatchObject({ count: 0, reason: 'run_off' });
  });

  it('explains itself', () => {
    const words = (question: Partial<PrewarmingQuestion>) => {
      const decision = ask(question);
      if (decision.kind !== 'keep') throw new Error(decision.kind);
      return prewarmingWords(decision, question.settings ?? on);
    };
    expect(words({ forecast: busy(5) })).toBe(
      'What is to arrive within three minutes needs 5 instances beside the VMs.',
    );
    expect(words({ forecast: busy(9) })).toBe(
      'What is to arrive needs the most that is allowed, 6 instances.',
    );
    expect(words({ forecast: null })).toBe(
      'There is no forecast, so that only the least, 1 instance, is kept.',
    );
    const before = { wanted: [{ minute: 99, count: 5 }], set: 5, changedAt: null };
    expect(words({ before })).toBe(
      'What is to arrive needs 1 instance. Instances are ended after 5 minutes without need.',
    );
  });
});
