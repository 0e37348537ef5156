import { type Ledger, noWork } from '../job.ts';
import type { RoutingQuestion } from '../routing/question.ts';
import { initialRouterState } from '../routing/state.ts';
import { defaultRoutingSettings } from '../settings.ts';
import { later, noon } from './sample-job.ts';
import { sampleWorker } from './sample-worker.ts';

/** The work ahead of a job. Each side is given as number of jobs and milliseconds of work; default: none. */
export function sampleLedger(
  before: { running?: [number, number]; ahead?: [number, number]; run?: [number, number] } = {},
): Ledger {
  const side = (pair: [number, number] | undefined) => (pair ? { jobs: pair[0], workMs: pair[1] } : noWork);
  return { vm: { running: side(before.running), ahead: side(before.ahead) }, run: side(before.run) };
}

/** A sketch of one megapixel that comes at noon, is due two seconds later, and finds one idle VM. */
export function sampleQuestion(changes: Partial<RoutingQuestion> = {}): RoutingQuestion {
  return {
    operation: 'sketch',
    pixels: 1e6,
    bytes: 400_000,
    deadlineAt: later(2_000),
    model: null,
    turnAt: later(2_000),
    now: noon,
    workers: [sampleWorker()],
    state: initialRouterState,
    settings: defaultRoutingSettings,
    reach: { kind: 'jobs' },
    ledger: sampleLedger(),
    ...changes,
  };
}
