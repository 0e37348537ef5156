import { type Background, startRecurring } from '@spillway/core/background.ts';
import type { Ports } from './ports/ports.ts';
import { newSweepMemory, sweepOnce } from './sweep.ts';

/** Milliseconds between sweeps of one process; the lease sees to it that few of them do anything. */
export const sweepEveryMs = 2_000;

/** Sweeps until stopped, one sweep at a time. An outage is logged and tried again at the next turn. */
export function startSweeping(holder: string, ports: Ports): Background {
  const { timers, log } = ports;
  const memory = newSweepMemory();
  return startRecurring({
    everyMs: sweepEveryMs,
    timers,
    async round() {
      const swept = await sweepOnce(holder, ports, memory);
      if (swept && Object.values(swept).some((count) => count > 0)) log.info(swept, 'Swept.');
    },
    onError: (error) => log.warn({ error }, 'A sweep was cut off; the next one goes on.'),
  });
}
