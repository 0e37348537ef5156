import { parseJobMessage } from '@spillway/core/messages.ts';
import { deliver } from './deliver.ts';
import { type Deliverer, type Delivery, isSettled } from './delivery.ts';

export interface Received {
  /** Whether Pub/Sub may forget the message. */
  settled: boolean;
  /** Null where the message could not be read. */
  delivery: Delivery | null;
}

/** Takes one message's data to its end. Never throws. */
export async function receive(data: string, deliverer: Deliverer): Promise<Received> {
  const { queue, log } = deliverer.ports;
  const parsed = parseJobMessage(data);
  switch (parsed.kind) {
    case 'message': {
      const delivery = await deliver(parsed.message, deliverer);
      return { settled: isSettled(delivery), delivery };
    }
    case 'newer':
      log.warn({ version: parsed.version }, 'A message of a newer version was left for a newer worker.');
      return { settled: false, delivery: null };
    case 'malformed':
      return { settled: await bury(parsed.problem), delivery: null };
    default:
      return parsed satisfies never;
  }

  /** Bringing it again would not help, so it is kept aside where a person can look at it. */
  async function bury(problem: string): Promise<boolean> {
    try {
      await queue.bury(data, problem);
      log.error({ problem }, 'A message could not be read and was put aside in jobs-dead.');
      return true;
    } catch (error) {
      log.error({ problem, error }, 'A message could not be read, nor put aside yet.');
      return false;
    }
  }
}
