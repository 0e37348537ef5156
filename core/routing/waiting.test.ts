import { describe, expect, it } from 'vitest';
import { defaultRoutingSettings, routingSettingsSchema } from '../settings.ts';
import { later, noon } from '../testing/sample-job.ts';
import { laterTurn, objectiveMs, turnOf } from './waiting.ts';

const settings = defaultRoutingSettings;

function turn(changes: Partial<Parameters<typeof turnOf>[0]> = {}): number {
  const question = {
    deadlineAt: later(2_000),
    now: noon,
    owner: 'ann',
    ownerAheadMs: 0,
    serviceMs: 200,
    slots: 2,
    settings,
  };
  return turnOf({ ...question, ...changes }).getTime() - noon.getTime();
}

describe('a turn', () => {
  it('is the deadline where the owner has little waiting', () => {
    expect(turn()).toBe(2_000);
    // 200 + 3600 / 2 is just in time.
    expect(turn({ ownerAheadMs: 3_600 })).toBe(2_000);
    expect(turn({ deadlineAt: later(-5_000), ownerAheadMs: 0 })).toBe(200);
  });

  it('is when the owner’s own work would be done, where that alone takes longer', () => {
    expect(turn({ ownerAheadMs: 10_000 })).toBe(200 + 5_000);
    expect(turn({ ownerAheadMs: 10_000, slots: 5 })).toBe(200 + 2_000);
  });

  it('counts with one slot where no VM is live', () => {
    expect(turn({ ownerAheadMs: 10_000, slots: 0 })).toBe(200 + 10_000);
  });

  it('comes sooner for an owner with a larger share, and a default is for all others', () => {
    const shared = routingSettingsSchema.parse({ shares: { default: 2, owners: { ann: 4 } } });
    const at = (owner: string | null) => turn({ owner, ownerAheadMs: 40_000, settings: shared });
    expect(at('ann')).toBe(200 + 40_000 / (2 * 4));
    expect(at('bob')).toBe(200 + 40_000 / (2 * 2));
    expect(at(null)).toBe(200 + 40_000 / (2 * 2));
  });

  it('of a single job comes before those of a crowd that was there first', () => {
    const crowd = Array.from({ length: 500 }, (_, index) => turn({ ownerAheadMs: index * 200 }));
    const other = turn({ owner: 'bob', now: later(1_000), deadlineAt: later(3_000) });
    // What the VMs can do until then, two slots' worth of three seconds, and no more.
    expect(crowd.filter((each) => each <= other).length).toBeLessThanOrEqual((3_000 * 2) / 200);
  });
});

it.each(['constructor', 'toString', '__proto__'])('is a date for an owner named %s, too', (owner) => {
  expect(turn({ owner, ownerAheadMs: 1_000 })).not.toBeNaN();
});

describe('a later turn', () => {
  const job = { deadlineAt: later(2_000), turnAt: later(2_000) };

  it('is for a job that can no longer be in time, once', () => {
    expect(laterTurn(job, 500, later(1_500))).toBeNull();
    const turnAt = laterTurn(job, 500, later(1_501));
    expect(turnAt).toEqual(later(2_000 + 15_000));
    expect(turnAt && laterTurn({ ...job, turnAt }, 500, later(60_000))).toBeNull();
  });

  it('is never an earlier one', () => {
    expect(laterTurn({ ...job, turnAt: later(17_000) }, 500, later(5_000))).toBeNull();
    expect(laterTurn({ ...job, turnAt: later(16_999) }, 500, later(5_000))).toEqual(later(20_000));
  });
});

describe('an objective', () => {
  it('is the operation’s own, or the one in the settings', () => {
    expect(objectiveMs('sketch', 'interactive', settings)).toBe(2_000);
    const changed = routingSettingsSchema.parse({ objectivesMs: { sketch: 900 } });
    expect(objectiveMs('sketch', 'interactive', changed)).toBe(900);
    expect(objectiveMs('caption', 'interactive', changed)).toBe(15_000);
  });

  it('of bulk work is looser, and never tighter than the operation’s own', () => {
    expect(objectiveMs('sketch', 'bulk', settings)).toBe(600_000);
    const hasty = routingSettingsSchema.parse({ bulk: { objectiveMs: 5_000 } });
    expect(objectiveMs('sketch', 'bulk', hasty)).toBe(5_000);
    expect(objectiveMs('caption', 'bulk', hasty)).toBe(15_000);
  });
});
