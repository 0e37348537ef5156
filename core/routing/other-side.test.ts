import { describe, expect, it } from 'vitest';
import { routingSettingsSchema } from '../settings.ts';
import { steadyService } from '../testing/learned-service.ts';
import { later } from '../testing/sample-job.ts';
import { sampleLedger, sampleQuestion } from '../testing/sample-question.ts';
import { sampleWorker } from '../testing/sample-worker.ts';
import { otherSide } from './other-side.ts';
import { decideRoute } from './policy.ts';
import type { RoutingQuestion } from './question.ts';
import { initialRouterState, type RouterState } from './state.ts';

const exactly = (ms: number) => ({ p50: ms, p90: ms, count: 20 });
const state: RouterState = {
  ...initialRouterState,
  learned: { vm: { sketch: steadyService(1) }, run: { sketch: steadyService(1) } },
  delivery: { vm: exactly(100), run: exactly(250) },
  coldStart: exactly(3_000),
};
const vm = sampleWorker({ kind: 'vm' });
const warm = sampleWorker({ id: 'run-1', kind: 'run' });

/** Why the real decision about such a job left the other side. */
function ask(changes: Partial<RoutingQuestion> = {}) {
  return otherSide(decideRoute(sampleQuestion({ state, workers: [vm, warm], ...changes })));
}

describe('why a job did not go to the other side', () => {
  it('names what the other side would have cost, and how much more work would have sent it there', () => {
    const why = ask();
    expect(why).toMatchObject({ kind: 'compared', other: 'run' });
    expect(why.sentence).toMatch(
      /^Cloud Run would have been in time as well, for \$0\.\d+ more\. The VMs are paid for anyway, and had 1\.7 s to spare\.$/,
    );
    expect(why).toMatchObject({
      tipping: 'With 1.7 s more to wait for on the VMs, it would have gone to Cloud Run.',
    });
  });

  it('says how late the VMs would have been, and behind what', () => {
    const why = ask({ ledger: sampleLedger({ running: [2, 2_000], ahead: [6, 8_000] }) });
    expect(why.sentence).toMatch(
      /^The VMs would have been [\d.]+ s late, behind 8 jobs with 10\.0 s of work\. Cloud Run had [\d.]+ s to spare\.$/,
    );
  });

  it('gives figures that add up to the finish, with the margin for which the decision is sure', () => {
    const why = ask({ ledger: sampleLedger({ ahead: [6, 800] }) });
    if (why.kind !== 'compared') throw new Error(why.kind);
    for (const side of [why.chosen, why.alternative]) {
      expect(side.waitMs + side.serviceMs + side.ioMs + side.marginMs).toBeCloseTo(side.finishMs, 9);
      expect(side.finishMs + side.spareMs).toBeCloseTo(2_000, 9);
      expect(side.inTime).toBe(side.spareMs >= 0);
    }
    expect(why.chosen.marginMs).toBeGreaterThan(0);
  });

  it('says why a side that is closed could not have it', () => {
    const paused = { ...state, breaker: { ...state.breaker, state: 'paused' as const, until: later(9_000) } };
    expect(ask({ state: paused })).toMatchObject({
      kind: 'closed',
      other: 'run',
      sentence: 'Cloud Run was paused when it was decided. The VMs had 1.7 s to spare.',
    });
    expect(ask({ workers: [warm] })).toMatchObject({
      kind: 'closed',
      other: 'vm',
      sentence: expect.stringMatching(/^No VM took new work when it was decided\. Cloud Run /),
    });
    const off = routingSettingsSchema.parse({ run: { enabled: false } });
    expect(ask({ settings: off }).sentence).toMatch(/^Cloud Run was off by the settings\./);
    expect(ask({ settings: off, workers: [] }).sentence).toBe('Cloud Run was off by the settings.');
  });

  it('compares two sides that are both late', () => {
    const late = ask({ deadlineAt: later(-5_000) });
    expect(late.sentence).toMatch(/^Cloud Run would have been later: by 5\.\d s instead of 5\.\d s\.$/);
  });

  it('is honest about a policy that looks at processors, and about a job that nobody has decided', () => {
    const threshold = routingSettingsSchema.parse({ policy: 'threshold' });
    expect(ask({ settings: threshold }).sentence).toMatch(
      /^The threshold policy looks at processors alone\./,
    );
    const decided = decideRoute(sampleQuestion());
    expect(otherSide({ ...decided, reason: 'reserved', predicted: null })).toMatchObject({
      kind: 'undecided',
    });
    expect(otherSide({ ...decided, predicted: null })).toMatchObject({ kind: 'unpredicted' });
  });
});
