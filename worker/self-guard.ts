import type { Control } from '@spillway/core/heartbeat.ts';
import { VmBreaker } from '@spillway/core/routing/vm-breaker.ts';
import type { Delivery } from '@spillway/pipeline/deliver.ts';
import type { Ports } from '@spillway/pipeline/ports/ports.ts';

export interface SelfGuard {
  /** `ms`: from receiving the message to its outcome. */
  observe(delivery: Delivery, ms: number): void;
  /** What the admin, or an earlier life of this worker, wants. */
  onControl(control: Control): void;
  readonly paused: boolean;
  stop(): void;
}

/**
 * A VM's breaker: pauses this worker's own pull through `controls/{id}` when its jobs fail or take much longer than
 * predicted, and reopens after a self-test that went well, or when a person takes the pause away.
 * @param test Resolves to what went wrong, or null.
 * @param onChange Called whenever `paused` changes.
 */
export function createSelfGuard(options: {
  worker: string;
  ports: Pick<Ports, 'fleet' | 'clock' | 'log'>;
  test: () => Promise<string | null>;
  onChange: (paused: boolean) => void;
}): SelfGuard {
  const { worker, ports, test, onChange } = options;
  const breaker = new VmBreaker();
  let paused = false;
  /** Whether `controls/{id}` is known to say so: until then, its silence means nothing. */
  let recorded = false;
  let stopTimer = () => {};
  let stopped = false;

  function pause(why: string): void {
    paused = true;
    recorded = false;
    ports.log.error({ worker, why }, 'This VM pauses itself until a test picture goes well.');
    onChange(true);
    void record({ why, since: ports.clock.now() });
    testLater();
  }

  function reopen(): void {
    stopTimer();
    paused = false;
    breaker.reopen(ports.clock.now());
    ports.log.info({ worker }, 'This VM takes work again.');
    onChange(false);
    void record(null);
  }

  function testLater(): void {
    const pauseMs = breaker.nextPauseMs(ports.clock.now());
    stopTimer();
    stopTimer = ports.clock.every(pauseMs, () => {
      stopTimer();
      void tryOut();
    });
  }

  async function tryOut(): Promise<void> {
    const problem = await test().catch(String);
    if (!paused || stopped) return;
    if (problem === null) return reopen();
    ports.log.warn({ worker, problem }, 'The test picture went wrong; the next one follows.');
    testLater();
  }

  /** An outage here is no reason to fail: the worker pauses all the same, and heartbeats say so. */
  async function record(pause: Control['pause']): Promise<void> {
    try {
      await ports.fleet.changeControl(worker, { pause });
      recorded = pause !== null;
    } catch (error) {
      ports.log.warn({ worker, error }, 'The pause could not be noted in controls.');
    }
  }

  return {
    get paused() {
      return paused;
    },
    observe(delivery, ms) {
      if (delivery.kind === 'succeeded') {
        breaker.served(ms, delivery.job.route.predicted?.vm?.serviceMs ?? null);
      } else {
        const failed = failedAttempt(delivery);
        if (failed !== null) breaker.failed(failed);
      }
      const why = breaker.trouble();
      if (why !== null && !paused) pause(why);
    },
    onControl(control) {
      if (!paused && control.pause && !recorded) {
        paused = true;
        recorded = true;
        onChange(true);
        void tryOut();
      } else if (paused && recorded && control.pause === null) reopen();
    },
    stop() {
      stopped = true;
      stopTimer();
    },
  };
}

/** The job whose attempt failed for a reason that may lie in this machine; a picture's own fault says nothing of it. */
function failedAttempt(delivery: Delivery): string | null {
  if (delivery.kind === 'given_back') return delivery.failed;
  return delivery.kind === 'failed' && delivery.error.retryable ? delivery.job.id : null;
}
