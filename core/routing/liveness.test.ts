import { describe, expect, it } from 'vitest';
import type { Worker } from '../heartbeat.ts';
import { routingSettingsSchema } from '../settings.ts';
import { sampleWorker } from '../testing/sample-worker.ts';
import { isInDoubt, liveVms } from './liveness.ts';

const settings = routingSettingsSchema.parse({});

function vms(...ages: number[]): Worker[] {
  return ages.map((ageMs, index) => sampleWorker({ id: `vm-${index}`, ageMs }));
}

const liveOf = (workers: Worker[], of = settings) => liveVms(workers, of).map(({ ageMs }) => ageMs);

describe('a VM', () => {
  it('that falls silent alone is gone after three beats, whether there are others or not', () => {
    expect(liveOf(vms(6_500))).toEqual([6_500]);
    expect(liveOf(vms(6_501))).toEqual([]);
    expect(liveOf(vms(100, 6_501))).toEqual([100]);
    expect(liveOf(vms(100, 200, 300, 8_000))).toEqual([100, 200, 300]);
  });

  it('lives for 15 s while the beats of all are late together: the database is to blame', () => {
    expect(liveOf(vms(7_000, 9_000))).toEqual([7_000, 9_000]);
    expect(liveOf(vms(14_999, 15_000, 15_001))).toEqual([14_999, 15_000]);
    expect(liveOf(vms(15_001, 15_001))).toEqual([]);
  });

  it('lives as well where nearly all of many are late, and not where many are', () => {
    const late = new Array(19).fill(8_000);
    expect(liveOf(vms(50, ...late))).toHaveLength(20);
    expect(liveOf(vms(50, 60, 70, ...late.slice(0, 17)))).toEqual([50, 60, 70]);
    // Of fewer than ten, one that is heard of speaks for the database.
    expect(liveOf(vms(50, ...late.slice(0, 8)))).toEqual([50]);
  });

  it('that has been gone for long puts nobody in doubt, nor does one that said so or an instance', () => {
    expect(isInDoubt(vms(8_000, 60_000), settings)).toBe(false);
    const [first = sampleWorker(), second = sampleWorker()] = vms(8_000, 8_000);
    expect(isInDoubt([first, second], settings)).toBe(true);
    expect(isInDoubt([first, { ...second, state: 'stopped' }], settings)).toBe(false);
    expect(isInDoubt([first, { ...second, kind: 'run' }], settings)).toBe(false);
  });

  it('is never believed for less than a longer limit of an earlier version', () => {
    const long = routingSettingsSchema.parse({ vm: { liveWithinMs: 60_000 } });
    expect(liveOf(vms(50_000, 59_000), long)).toHaveLength(2);
  });
});
