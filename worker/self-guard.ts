import type { MachineLack } from '@spillway/core/errors.ts';
import type { Control } from '@spillway/core/heartbeat.ts';
import { lackSentence } from '@spillway/core/machine-lack.ts';
import { VmBreaker, witnessOf } from '@spillway/core/routing/breakers.ts';
import type { Outcome } from '@spillway/pipeline/outcome.ts';
import type { Ports } from '@spillway/pipeline/ports/ports.ts';
import { expectedServiceMs } from './expected-service.ts';
import type { OwnControl } from './own-control.ts';
import type { SelfTestProblem } from './self-test.ts';

export interface SelfGuard {
  /** `ms`: from receiving the message to its outcome. */
  observe(outcome: Outcome, ms: number): void;
  /** The machine was found unable to work. `wantedBytes`: what a job wanted of its disk. */
  onLack(lack: MachineLack, wantedBytes: number): void;
  /** What the admin, or an earlier life of this worker, wants. */
  onControl(control: Control): void;
  readonly paused: boolean;
  /** What the machine was found to lack, and does not have back yet. */
  readonly lacks: readonly MachineLack[];
  stop(): void;
}

/** A machine that lacks something gets it back by itself, and to look costs little. Milliseconds. */
const lackTestMs = 5_000;

/**
 * A VM's judgement of itself. When its machine lacks something, it takes nothing more until a self-test goes well. When
 * jobs of several senders fail or take much longer than predicted, it doubts itself, and goes on working while a
 * self-test decides; if that goes wrong, it pauses its own pull through `controls/{id}`, until one goes well or a person
 * takes the pause away.
 * @param test Resolves to what went wrong, or null.
 * @param onChange Called whenever `paused` or `lacks` changes.
 */
export function createSelfGuard(options: {
  worker: string;
  ports: Pick<Ports, 'clock' | 'timers' | 'log'>;
  control: Pick<OwnControl, 'change'>;
  test: (wantedBytes: number) => Promise<SelfTestProblem | null>;
  onChange: (paused: boolean) => void;
}): SelfGuard {
  const { worker, ports, control, test, onChange } = options;
  const breaker = new VmBreaker();
  let paused = false;
  let lacks: readonly MachineLack[] = [];
  /** The most that a job wanted of the disk since the last test that went well. */
  let wanted = 0;
  /** How often jobs found something lacking. */
  let lacksFound = 0;
  let testing = false;
  /** Whether `controls/{id}` is known to say so: until then, its silence means nothing. */
  let recorded = false;
  let stopTimer = () => {};
  let stopped = false;

  function doubt(why: string): void {
    ports.log.warn({ worker, why }, 'This VM tries out with a test picture whether it is well.');
    void tryOut((problem) => {
      if (problem) pause(`${why} ${problem.why}`, problem);
      else {
        breaker.forget();
        ports.log.error(
          { worker, why },
          'Jobs of several senders go wrong here, and the test picture goes well.',
        );
      }
    });
  }

  function pause(why: string, { lack }: Pick<SelfTestProblem, 'lack'>): void {
    paused = true;
    recorded = false;
    lacks = lack ? [lack] : [];
    ports.log.error({ worker, why, lacks }, 'This VM pauses itself until a test picture goes well.');
    onChange(true);
    void record({ why, since: ports.clock.now() });
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
    void record(null);
  }

  function testLater(lack: MachineLack | null): void {
    const pauseMs = lack ? lackTestMs : breaker.nextPauseMs(ports.clock.now());
    stopTimer();
    stopTimer = ports.timers.every(pauseMs, () => {
      stopTimer();
      testPaused();
    });
  }

  /** Each failed test is followed by another one, until one goes well. */
  function testPaused(): void {
    const foundBefore = lacksFound;
    void tryOut((problem) => {
      if (!paused) return;
      // A test that began before a job found something lacking says nothing of it.
      if (!problem) return lacksFound > foundBefore ? testPaused() : reopen();
      ports.log.warn({ worker, problem: problem.why }, 'The self-test went wrong; the next one follows.');
      const { lack } = problem;
      const before = lacks;
      lacks = lack ? [lack] : [];
      if (before[0] !== lacks[0]) onChange(true);
      testLater(lack);
    });
  }

  /** One at a time: a second caller is served by the one that is under way. */
  async function tryOut(then: (problem: SelfTestProblem | null) => void): Promise<void> {
    if (testing) return;
    testing = true;
    const problem = await test(wanted).catch((error: unknown) => ({ lack: null, why: String(error) }));
    testing = false;
    if (!stopped) then(problem);
  }

  /** An outage here is no reason to fail: the worker pauses all the same, and heartbeats say so. */
  async function record(pause: Control['pause']): Promise<void> {
    try {
      await control.change({ pause });
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
        breaker.served(witnessOf(job), ms, expectedServiceMs(job));
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
      // The test that is to come sees the machine as it is.
      if (paused && lacks.length > 0) return;
      pause(lackSentence(lack), { lack });
      // At once: where it was this one job that used the machine up, others need not wait.
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

/** The job whose attempt failed for a reason that may lie in this machine; an input's own fault says nothing of it. */
function failedAttempt(outcome: Outcome) {
  if (outcome.kind === 'given_back') return outcome.failed;
  if (outcome.kind !== 'failed') return null;
  const { retryable, blame } = outcome.error;
  return retryable && blame !== 'input' ? outcome.job : null;
}
