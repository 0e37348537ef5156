import type { Target } from '@spillway/core/job.ts';
import type { JobMessage } from '@spillway/core/messages.ts';
import { createMemoryPorts, type MemoryPorts } from '../memory/ports.ts';
import { type ManualClock, timeOf } from './manual-clock.ts';

/** A message in somebody's hands. */
export interface WorldDelivery {
  message: JobMessage;
  /** It is given back, once or more often. */
  comesAgain(): void;
  /** The worker that has it is gone. */
  isLost(): void;
  /** What is neither given back nor lost is forgotten. */
  settle(): Promise<void>;
}

/** Where a world has its documents and messages. Objects are in memory. */
export interface WorldEngine {
  ports: MemoryPorts;
  take(target: Target, most: number, random: () => number): Promise<WorldDelivery[]>;
  /** The messages that wait or are held. */
  rest(target: Target): Promise<JobMessage[]>;
}

/** Everything in memory. Messages come in any order. */
export async function memoryEngine(clock: ManualClock): Promise<WorldEngine> {
  const ports = createMemoryPorts(timeOf(clock));
  const { messages } = ports.queue;
  return {
    ports,
    async take(target, most, random) {
      const waiting = messages[target];
      const picked: JobMessage[] = [];
      while (picked.length < most && waiting.length > 0) {
        picked.push(...waiting.splice(Math.floor(random() * waiting.length), 1));
      }
      return picked.map((message) => {
        const comesAgain = () => void waiting.push(message);
        return { message, comesAgain, isLost: comesAgain, settle: async () => {} };
      });
    },
    rest: async (target) => messages[target],
  };
}
