import { describe, expect, it } from 'vitest';
import type { Worker } from '../heartbeat.ts';
import { defaultRoutingSettings } from '../settings.ts';
import { steadyStats } from '../testing/learned-service.ts';
import { later, noon } from '../testing/sample-job.ts';
import { sampleWorker } from '../testing/sample-worker.ts';
import { utf8Bytes } from '../text.ts';
import {
  agedBy,
  type FleetMember,
  fleetIn,
  fleetSummarySchema,
  initialFleetSummary,
  summaryOf,
} from './fleet-summary.ts';
import { liveVms } from './liveness.ts';
import { vmServiceMs } from './predict.ts';
import { initialRouterState } from './state.ts';

const stats = { sketch: steadyStats(1.23456), caption: steadyStats(2) };

function summarised(workers: Worker[]) {
  const summary = summaryOf({ readAt: noon, workers }, initialFleetSummary);
  return fleetIn(fleetSummarySchema.parse(JSON.parse(JSON.stringify(summary))));
}

function fleetOf(count: number, changes: (index: number) => Partial<Worker>): Worker[] {
  return Array.from({ length: count }, (_, index) => sampleWorker(changes(index)));
}

/** Firestore's limit: https://firebase.google.com/docs/firestore/quotas#limits */
const mostDocumentBytes = 1_048_576;

describe('the summary of the fleet', () => {
  it('tells decisions the same of every worker as its heartbeat', () => {
    const vm = sampleWorker({ id: 'vm-7', slots: 4, pricePerHour: 0.5, perOperation: stats, ageMs: 321 });
    const paused = sampleWorker({ id: 'vm-8', state: 'paused' });
    const instance = sampleWorker({ kind: 'run', slots: 2, perOperation: stats, ageMs: 90_000 });
    const read = summarised([vm, paused, instance]);
    const conditions = { now: noon, settings: defaultRoutingSettings, state: initialRouterState };
    const told = (workers: readonly FleetMember[]) => ({
      live: liveVms(workers, defaultRoutingSettings).map(({ id }) => id),
      places: workers.map(({ kind, state, slots, ageMs, cpu }) => [kind, state, slots, ageMs, cpu.load]),
      prices: workers.map(({ pricePerHour }) => pricePerHour),
      serviceMs: Math.round(vmServiceMs('sketch', 1e6, { ...conditions, workers })),
    });
    expect(told(read?.workers ?? [])).toEqual(told([vm, paused, instance]));
    expect(told([vm]).serviceMs).not.toBe(told([paused]).serviceMs);
  });

  it('grows old by the time that has passed since its heartbeats were read', () => {
    const read = summarised([sampleWorker({ ageMs: 700 })]);
    expect(read && agedBy(read, later(1_500))[0]?.ageMs).toBe(2_200);
    expect(read && agedBy(read, later(-50))[0]?.ageMs).toBe(700);
  });

  it('fits into one document with a thousand workers that have learned three operations', () => {
    const workers = fleetOf(1_000, (index) => ({
      id: `spillway-pool-us-central1-b-${index}-x7k2`,
      perOperation: { ...stats, 'remove-background': steadyStats(3.23456) },
      slots: 4,
    }));
    const summary = summaryOf({ readAt: noon, workers }, initialFleetSummary);
    expect(utf8Bytes(summary.members)).toBeLessThan(mostDocumentBytes);
    expect(fleetIn(summary)?.workers.at(-1)?.perOperation.sketch?.learned?.bands).toHaveLength(4);
  });

  it('leaves out the bands of more workers, and all that was learned of many more', () => {
    const learnedOf = (count: number) => {
      const workers = fleetOf(count, (index) => ({ id: `vm-${index}`, perOperation: stats }));
      const summary = summaryOf({ readAt: noon, workers }, initialFleetSummary);
      expect(utf8Bytes(summary.members)).toBeLessThan(mostDocumentBytes);
      const read = fleetIn(summary)?.workers ?? [];
      expect(read).toHaveLength(count);
      return new Set(read.map(({ perOperation }) => perOperation.sketch?.learned?.bands.length ?? null));
    };
    expect(learnedOf(1_000)).toEqual(new Set([4]));
    expect(learnedOf(7_000)).toEqual(new Set([0]));
    expect(learnedOf(12_000)).toEqual(new Set([null]));
  });

  it('of more than fit keeps every VM, and of the instances those that were heard of last', () => {
    const instances = fleetOf(40_000, (index) => ({ kind: 'run', ageMs: 40_000 - index }));
    const vms = fleetOf(50, (index) => ({ id: `vm-${index}`, ageMs: 500_000 }));
    const summary = summaryOf({ readAt: noon, workers: [...instances, ...vms] }, initialFleetSummary);
    expect(utf8Bytes(summary.members)).toBeLessThan(mostDocumentBytes);
    const read = fleetIn(summary)?.workers ?? [];
    expect(read.filter(({ kind }) => kind === 'vm')).toHaveLength(50);
    const ages = read.filter(({ kind }) => kind === 'run').map(({ ageMs }) => ageMs);
    expect(ages.length).toBeGreaterThan(10_000);
    expect(Math.max(...ages)).toBe(ages.length);
  });

  it('is none where nothing was written, and throws where its members cannot be read', () => {
    expect(fleetIn(initialFleetSummary)).toBeNull();
    for (const members of ['', '{', '[["vm-1"]]', '[{}]', '[["a","car","ready",1,1,1,null,{}]]']) {
      expect(() => fleetIn({ ...initialFleetSummary, readAt: noon, members })).toThrow();
    }
  });

  it('of a newer form is not valid here', () => {
    expect(fleetSummarySchema.safeParse({ form: 2, readAt: noon, members: '[]' }).success).toBe(false);
  });
});
