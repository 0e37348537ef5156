import { describe, expect, it } from 'vitest';
import { readScenario } from '../read-scenario.ts';
import { Autoscaler } from './autoscaler.ts';

const scenario = readScenario();
const { bounds, targetLoad, stabilizationMs, scaleIn } = scenario.pool;
/** A figure that this number of VMs is enough for. */
const workOf = (vms: number) => (vms - 0.5) * scenario.vms.slots * targetLoad;
const minuteMs = 60_000;

describe('the autoscaler', () => {
  it('has as many VMs as the first figure asks for, within the bounds', () => {
    expect(new Autoscaler(scenario, targetLoad, workOf(3)).size).toBe(3);
    expect(new Autoscaler(scenario, targetLoad, 0).size).toBe(bounds.least);
    expect(new Autoscaler(scenario, targetLoad, workOf(100)).size).toBe(bounds.most);
  });

  it('adds VMs at once, and removes one at a time, each when ten minutes have passed since more were there', () => {
    const autoscaler = new Autoscaler(scenario, targetLoad, workOf(1));
    expect(autoscaler.decide(workOf(4), minuteMs)).toBe(4);
    const sizes: number[] = [];
    for (let minute = 2; minute <= 40; minute++) sizes.push(autoscaler.decide(workOf(1), minute * minuteMs));
    const lasted = [4, 3, 2].map((size) => sizes.filter((each) => each === size).length);
    expect(stabilizationMs).toBe(10 * minuteMs);
    expect(scaleIn).toEqual({ count: 1, windowMs: 10 * minuteMs });
    expect(lasted).toEqual([9, 9, 9]);
    expect(sizes.at(-1)).toBe(1);
  });

  it('keeps the VMs that were wanted within the last ten minutes', () => {
    const autoscaler = new Autoscaler(scenario, targetLoad, workOf(1));
    const wanted = [5, 1, 1, 1, 1, 4, 1, 1, 1, 1, 1, 1, 1, 1, 1];
    const sizes = wanted.map((vms, index) => autoscaler.decide(workOf(vms), (index + 1) * minuteMs));
    expect(sizes.slice(0, 10)).toEqual(new Array(10).fill(5));
    expect(sizes.slice(10)).toEqual(new Array(5).fill(4));
  });
});
