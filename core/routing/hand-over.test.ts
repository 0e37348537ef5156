import { describe, expect, it } from 'vitest';
import { steadyService } from '../testing/learned-service.ts';
import { later, noon } from '../testing/sample-job.ts';
import { sampleLedger, sampleQuestion } from '../testing/sample-question.ts';
import { sampleWorker } from '../testing/sample-worker.ts';
import { decideFromHere, lookAt } from './hand-over.ts';

const { ledger: _, operation, pixels, deadlineAt, turnAt, ...conditions } = sampleQuestion();
const candidate = { operation, pixels, deadlineAt, turnAt };
const due = (ms: number) => ({ ...candidate, deadlineAt: later(ms), turnAt: later(ms) });

describe('a VM that has a job before it', () => {
  it('may be late by its own figures, be they learned or assumed', () => {
    // A sketch of a megapixel takes 200 ms here; nothing is known of captions.
    const learned = { sketch: steadyService(1) };
    expect(lookAt(due(200), learned, noon)).toEqual({ mayBeLate: false, laterTurn: null });
    expect(lookAt(due(199), learned, noon).mayBeLate).toBe(true);
    // Assumed are 2530 ms: 1.1575 times that, and twice 0.6747 times.
    const caption = (ms: number) => lookAt({ ...due(ms), operation: 'caption' }, learned, noon).mayBeLate;
    expect([caption(6_340), caption(6_345)]).toEqual([true, false]);
  });

  it('is not in doubt about what is late already: no move helps it', () => {
    expect(lookAt(due(0), {}, noon).mayBeLate).toBe(false);
    expect(lookAt(due(-1), {}, noon).mayBeLate).toBe(false);
  });

  it('lets others pass where it is sure to be late', () => {
    const learned = { sketch: steadyService(1) };
    expect(lookAt(due(199), learned, noon).laterTurn).toEqual(later(15_199));
    expect(lookAt({ ...due(199), turnAt: later(15_199) }, learned, noon).laterTurn).toBeNull();
  });

  it('asks the router as if it were alone and free, whatever it last said of itself', () => {
    const slow = { sketch: { serviceMs: 0, succeeded: 20, failed: 0, learned: steadyService(20) } };
    const own = sampleWorker({ id: 'slow', state: 'draining', ageMs: 60_000, slots: 8, perOperation: slow });
    const workers = [own, sampleWorker({ id: 'swift' }), sampleWorker({ id: 'run-1', kind: 'run' })];
    const crowded = sampleLedger({ running: [50, 99_000], ahead: [50, 99_000], run: [3, 600] });
    const choice = decideFromHere('slow', { ...conditions, workers }, candidate, crowded);
    expect(choice).toMatchObject({
      target: 'vm',
      predicted: { vm: { serviceMs: 4_000, waitMs: 100 } },
      ledger: { vm: { running: { jobs: 0 }, ahead: { jobs: 0 } }, run: { jobs: 3 } },
    });
    const warm = sampleWorker({ id: 'run-2', kind: 'run', slots: 10 });
    const sent = decideFromHere('slow', { ...conditions, workers: [...workers, warm] }, candidate, crowded);
    expect(sent).toMatchObject({ target: 'run', reason: 'run_vm_late' });
  });
});
