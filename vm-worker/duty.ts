import type { MachineLack } from '@spillway/core/errors.ts';
import type { Control, Heartbeat } from '@spillway/core/heartbeat.ts';
import type { Log } from '@spillway/pipeline/ports/ports.ts';
import type { Pulling } from '@spillway/worker/pull-loop.ts';
import { createSelfGuard, type SelfGuard } from '@spillway/worker/self-guard.ts';
import type { Worker } from '@spillway/worker/worker.ts';

export interface Duty {
  readonly guard: SelfGuard;
  onControl(control: Control): void;
  stop(): void;
}

/**
 * Decides whether this VM pulls: not while the admin drains it, nor while it has paused itself. A draining worker
 * finishes its jobs, gives back those that take longer than `drainMs`, and says in its heartbeat when it has none.
 */
export function startDuty(
  worker: Pick<Worker, 'id' | 'ports' | 'control' | 'selfTest' | 'setState' | 'idle' | 'giveBack'>,
  pulling: Pick<Pulling, 'pause'>,
  drainMs: number,
  log: Log,
): Duty {
  let draining = false;
  let state: Heartbeat['state'] = 'ready';
  let handOver: NodeJS.Timeout | undefined;
  let lacks: readonly MachineLack[] = [];
  const guard = createSelfGuard({
    worker: worker.id,
    ports: { ...worker.ports, log },
    control: worker.control,
    test: worker.selfTest,
    onChange: settle,
  });

  /** Brings pulling and heartbeats in line with what is wanted. */
  function settle(): void {
    const wanted = draining ? 'draining' : guard.paused ? 'paused' : 'ready';
    pulling.pause(wanted !== 'ready');
    const stays = wanted === state || (wanted === 'draining' && state === 'drained');
    if (stays && guard.lacks === lacks) return;
    if (!stays) state = wanted;
    lacks = guard.lacks;
    void worker.setState(state, lacks);
    if (state === 'draining' && !stays) void drain();
  }

  async function drain(): Promise<void> {
    clearTimeout(handOver);
    handOver = setTimeout(() => state === 'draining' && worker.giveBack(), drainMs);
    await worker.idle();
    if (state !== 'draining') return;
    clearTimeout(handOver);
    state = 'drained';
    log.info({ worker: worker.id }, 'Drained: nothing is in progress, and nothing new is taken.');
    await worker.setState(state, lacks);
  }

  return {
    guard,
    onControl(control) {
      draining = control.drain;
      guard.onControl(control);
      settle();
    },
    stop() {
      clearTimeout(handOver);
      guard.stop();
    },
  };
}
