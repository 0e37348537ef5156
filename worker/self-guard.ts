import type { MachineLack } from '@spillway/core/errors.ts';
import type { Control } from '@spillway/core/heartbeat.ts';
import { lackSentence } from '@spillway/core/machine-lack.ts';
import { VmBreaker, witnessOf } from '@spillway/core/routing/breakers.ts';
import { type Awaitable, launch, type Steps, waitFor } from '@spillway/core/steps.ts';
import type { Outcome } from '@spillway/pipeline/outcome.ts';
import type { Ports } from '@spillway/pipeline/ports/ports.ts';
import { expectedServiceMs } from './expected-service.ts';
import type { SelfTestProblem } from './self-test.ts';

export interface SelfGuard {
  /** `ms`: from receiving the message to its outcome. */
  observe(outcome: Outcome, ms: number): void;
  /** The machine was found unable to work. `wantedBytes`: what a job wanted of its disk. */
  onLack(lack: MachineLack, wantedBytes: number): void;
  /** What the admin wants of this worker, or an earlier process of the same id wanted. */
  onControl(control: Control): void;
  readonly paused: boolean;
  /** What the machine was found to lack, until a self-test goes well. */
  readonly lacks: readonly MachineLack[];
  stop(): void;
}

/**
 * Time between self-tests of a machine that lacks something. Such a lack often passes, and the test is cheap.
 * Milliseconds.
 */
const lackTestMs = 5_000;

/**
 * A VM's breaker for itself. When its machine lacks something, it pauses until a self-test goes well. When jobs of
 * several senders fail or take much longer than predicted, it makes a self-test, and works on while that is under way.
 * If the test fails, it pauses itself and notes that in `controls/{id}`, until a test goes well or a person takes the
 * pause away.
 * @param test Resolves to what went wrong, or null.
 * @param onChange Called whenever `paused` or `lacks` changes.
 */
export function createSelfGuard(options: {
  worker: string;
  ports: Pick<Ports, 'clock' | 'timers' | 'log'>;
  control: { change(change: Partial<Control>): Awaitable<void> };
  test: (wantedBytes: number) => Awaitable<SelfTestProblem | null>;
  onChange: (paused: boolean) => void;
}): SelfGuard {
  const { worker, ports, control, test, onChange } = options;
  const breaker = new VmBreaker();
  let paused = false;
  let lacks: readonly MachineLack[] = [];
  /** The largest room that a job wanted of the disk since the last test that went well. Bytes. */
  let wanted = 0;
  /** How often jobs found something lacking. */
  let lacksFound = 0;
  let testing = false;
  /**
   * Whether the pause is known to be in `controls/{id}`. Before that, a document without it does not mean that a
   * person took it away.
   */
  let recorded = false;
  let stopTimer = () => {};
  let stopped = false;

  function doubt(why: string): void {
    ports.log.warn({ worker, why }, 'This VM tries out with a test picture whether it is well.');
    launch(
      tryOut((problem) => {
        if (problem) pause(`${why} ${problem.why}`, problem);
        else {
          breaker.forget();
          ports.log.error(
            { worker, why },
            'Jobs of several senders go wrong here, and the test picture goes well.',
          );
        }
      }),
    );
  }

  function pause(why: string, { lack }: Pick<SelfTestProblem, 'lack'>): void {
    paused = true;
    recorded = false;
    lacks = lack ? [lack] : [];
    ports.log.error({ worker, why, lacks }, 'This VM pauses itself until a test picture goes well.');
    onChange(true);
    launch(record({ why, since: ports.clock.now() }));
    testLater(lack);
  }

  function reopen(): void {
    stopTimer();
    paused = false;
    lacks = [];
    wanted = 0;
    breaker.reopen(ports.clock.now());
    ports.log.info({ worker }, 'This VM takes work again.');
    onChange(false);
    launch(record(null));
  }

  function testLater(lack: MachineLack | null): void {
    const pauseMs = lack ? lackTestMs : breaker.nextPauseMs(ports.clock.now());
    stopTimer();
    stopTimer = ports.timers.every(pauseMs, () => {
      stopTimer();
      testPaused();
    });
  }

  /** After a test that fails comes another one, until one goes well. */
  function testPaused(): void {
    const foundBefore = lacksFound;
    launch(
      tryOut((problem) => {
        if (!paused) return;
        // A test that began before the last lack was found cannot clear the machine of it.
        if (!problem) return lacksFound > foundBefore ? testPaused() : reopen();
        ports.log.warn({ worker, problem: problem.why }, 'The self-test went wrong; the next one follows.');
        const { lack } = problem;
        const before = lacks;
        lacks = lack ? [lack] : [];
        if (before[0] !== lacks[0]) onChange(true);
        testLater(lack);
      }),
    );
  }

  /** One test at a time: a call during a test does nothing. */
  function* tryOut(then: (problem: SelfTestProblem | null) => void): Steps<void> {
    if (testing) return;
    testing = true;
    const problem = yield* outcomeOfTest();
    testing = false;
    if (!stopped) then(problem);
  }

  function* outcomeOfTest(): Steps<SelfTestProblem | null> {
    try {
      return yield* waitFor(test(wanted));
    } catch (error) {
      return { lack: null, why: String(error) };
    }
  }

  /** The worker pauses during an outage, too, and its heartbeats say so. */
  function* record(pause: Control['pause']): Steps<void> {
    try {
      yield* waitFor(control.change({ pause }));
      recorded = pause !== null;
    } catch (error) {
      ports.log.warn({ worker, error }, 'The pause could not be noted in controls.');
    }
  }

  return {
    get paused() {
      return paused;
    },
    get lacks() {
      return lacks;
    },
    observe(outcome, ms) {
      if (outcome.kind === 'given_back' && outcome.lack) {
        this.onLack(outcome.lack.what, outcome.lack.wantedBytes);
        return;
      }
      if (outcome.kind === 'succeeded') {
        const { job } = outcome;
        // Without I/O: a service that is slow is no fault of this machine.
        breaker.served(witnessOf(job), Math.min(ms, job.timings?.processMs ?? ms), expectedServiceMs(job));
      } else {
        const failed = failedAttempt(outcome);
        if (failed) breaker.failed(witnessOf(failed), failed.id);
      }
      const why = breaker.trouble();
      if (why !== null && !paused && !testing) doubt(why);
    },
    onLack(lack, wantedBytes) {
      wanted = Math.max(wanted, wantedBytes);
      lacksFound++;
      // It is paused for a lack already, and a test is under way or will follow.
      if (paused && lacks.length > 0) return;
      pause(lackSentence(lack), { lack });
      // The first test is made at once: if this one job used up the machine, others need not wait.
      testPaused();
    },
    onControl({ pause }) {
      if (!paused && pause && !recorded) {
        paused = true;
        recorded = true;
        onChange(true);
        testPaused();
      } else if (paused && recorded && pause === null) reopen();
    },
    stop() {
      stopped = true;
      stopTimer();
    },
  };
}

/**
 * The job whose attempt failed for a reason that may be this machine's. Null for all others, such as a fault of the
 * input.
 */
function failedAttempt(outcome: Outcome) {
  if (outcome.kind === 'given_back') return outcome.failed;
  if (outcome.kind !== 'failed') return null;
  const { retryable, blame } = outcome.error;
  return retryable && blame !== 'input' ? outcome.job : null;
}
