import type { Ports } from './ports/ports.ts';
import { newSweepMemory, sweepOnce } from './sweep.ts';

/** Milliseconds between sweeps of one process; the lease sees to it that few of them do anything. */
export const sweepEveryMs = 2_000;

/** Sweeps until stopped, one sweep at a time. An outage is logged and tried again at the next turn. */
export function startSweeping(holder: string, ports: Ports): { stop(): Promise<void> } {
  let running: Promise<void> | null = null;
  const memory = newSweepMemory();
  const stop = ports.timers.every(sweepEveryMs, () => {
    running ??= sweep().finally(() => {
      running = null;
    });
  });
  return {
    async stop() {
      stop();
      await running;
    },
  };

  async function sweep(): Promise<void> {
    try {
      const swept = await sweepOnce(holder, ports, memory);
      if (swept && Object.values(swept).some((count) => count > 0)) ports.log.info(swept, 'Swept.');
    } catch (error) {
      ports.log.warn({ error }, 'A sweep was cut off; the next one goes on.');
    }
  }
}
