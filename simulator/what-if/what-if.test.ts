import { initialRouterState } from '@spillway/core/routing/state.ts';
import {
  defaultRoutingSettings,
  type RoutingSettings,
  routingSettingsSchema,
} from '@spillway/core/settings.ts';
import { seededRandom } from '@spillway/core/testing/seeded-random.ts';
import type { WhatIfSide } from '@spillway/core/what-if.ts';
import { describe, expect, it } from 'vitest';
import { askWhatIf } from './ask.ts';
import { type WeighedJob, type WhatIfQuestion, whatIf } from './what-if.ts';

const start = Date.parse('2026-01-01T12:00:00Z');

/** Sketches of half a second that come in crowds of eight, more than one slot does in the time. */
function crowds(count: number): WeighedJob[] {
  const random = seededRandom(3);
  return Array.from({ length: count }, (_, index) => ({
    atMs: start + Math.floor(index / 8) * 20_000 + 100 * (index % 8),
    operation: 'sketch',
    owner: `person ${index % 5}`,
    class: 'interactive',
    batch: null,
    batchSize: null,
    model: null,
    pixels: 2_000_000,
    decodedPixels: 2_000_000,
    target: 'vm',
    noticeMs: 40,
    decisionMs: 60,
    processMs: 400 + 200 * random(),
    downloadMs: 20,
    storeMs: 40,
    tookMs: 1_000 + 100 * index,
    kept: index % 2 === 0,
    weight: 1,
  }));
}

const { learned, delivery, io, coldStart } = initialRouterState;
function ask(proposed: RoutingSettings, changes: Partial<WhatIfQuestion> = {}): WhatIfQuestion {
  return {
    jobs: crowds(64),
    machines: { vms: 1, slots: 1 },
    learned: { learned, delivery, io, coldStart },
    today: defaultRoutingSettings,
    proposed,
    plugins: [],
    ...changes,
  };
}
const sumsOf = ({ groups, runDollars }: WhatIfSide) => ({
  jobs: groups.reduce((sum, { jobs }) => sum + jobs, 0),
  missed: groups.reduce((sum, { missed }) => sum + missed, 0),
  onRun: groups.reduce((sum, { onRun }) => sum + onRun, 0),
  runDollars,
});

describe('other settings over what was recorded', () => {
  const patient = routingSettingsSchema.parse({ objectivesMs: { sketch: 30_000 } });

  it('a longer objective keeps work on the VMs, so that less is late and Cloud Run costs less', () => {
    const shares: number[] = [];
    const { measured, today, proposed } = whatIf(ask(patient), (share) => shares.push(share));
    expect(sumsOf(measured)).toMatchObject({ jobs: 64, missed: 32, onRun: 0, runDollars: 0 });
    const [before, after] = [sumsOf(today), sumsOf(proposed)];
    expect(before.jobs).toBe(64);
    expect(before.onRun).toBeGreaterThan(0);
    expect(before.runDollars).toBeGreaterThan(0);
    expect(after).toEqual({ jobs: 64, missed: 0, onRun: 0, runDollars: 0 });
    expect(shares).toEqual(shares.toSorted((a, b) => a - b));
    expect(shares.length).toBeGreaterThanOrEqual(2);
  });

  it('the same question has the same answer, and settings that are today’s change nothing', () => {
    const once = whatIf(ask(defaultRoutingSettings), () => {});
    expect(once.proposed).toEqual(once.today);
    expect(whatIf(ask(defaultRoutingSettings), () => {})).toEqual(once);
  });

  it('jobs of a sample count for those that they stand for, and what only fills the world does not', () => {
    const jobs = crowds(16).map((job, index) => ({ ...job, weight: index < 8 ? 0 : 10 }));
    const { measured, today } = whatIf(ask(patient, { jobs }), () => {});
    expect([sumsOf(measured).jobs, sumsOf(today).jobs]).toEqual([80, 80]);
  });

  it('without Cloud Run everything waits for the VM', () => {
    const off = routingSettingsSchema.parse({ run: { enabled: false } });
    const { proposed } = whatIf(ask(off), () => {});
    expect(sumsOf(proposed)).toMatchObject({ jobs: 64, onRun: 0, runDollars: 0 });
  });

  it('a batch is a large one by the settings that are tried', () => {
    const jobs = crowds(16).map((job) => ({ ...job, batch: 'drop', batchSize: 16 }));
    const small = routingSettingsSchema.parse({ bulk: { batchOver: 10 } });
    const { today, proposed } = whatIf(ask(small, { jobs }), () => {});
    expect(today.groups.map((group) => group.class)).toEqual(['interactive']);
    expect(proposed.groups.map((group) => group.class)).toEqual(['bulk']);
  });

  it('is played in a thread, which ends with the answer or with the signal', async () => {
    const question = ask(patient, { jobs: crowds(8) });
    const answered = await askWhatIf(question, new AbortController().signal, () => {});
    expect(answered).toEqual({ kind: 'answered', answer: whatIf(question, () => {}) });
    const leaving = new AbortController();
    const asked = askWhatIf(ask(patient, { jobs: crowds(2_000) }), leaving.signal, () => {});
    leaving.abort();
    expect(await asked).toEqual({ kind: 'ended' });
  });
});
