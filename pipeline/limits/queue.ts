import { RefusedError } from '@spillway/core/errors.ts';
import { firstBytes, shownText, textProblem, utf8Bytes } from '@spillway/core/text.ts';
import type { Queue } from '../ports/queue.ts';

/** Bytes of an attribute's value. @see https://cloud.google.com/pubsub/quotas#resource_limits */
const mostAttributeBytes = 1_024;
/** Bytes of a message's data: ten million, less room for its attributes. */
const mostDataBytes = 9_000_000;

/**
 * Messages that Pub/Sub can carry. A dead letter is always accepted: a problem that is too long is cut, and
 * data that is too large keeps its start.
 */
export function limitedQueue<Port extends Queue>(queue: Port): Port {
  return {
    ...queue,
    async announce(id, event, at, trace) {
      const problem = textProblem(id, mostAttributeBytes) ?? textProblem(event.jobId, mostAttributeBytes);
      if (problem !== null)
        throw new RefusedError(`Pub/Sub cannot carry the event: an attribute ${problem}.`);
      await queue.announce(id, event, at, trace);
    },
    async bury(data, problem) {
      // A person has to see the message; nobody needs all of it.
      const held = data.toWellFormed();
      const tooLarge = utf8Bytes(held) > mostDataBytes;
      const why = tooLarge ? `(Only the first ${mostDataBytes} bytes are kept.) ${problem}` : problem;
      await queue.bury(tooLarge ? firstBytes(held, mostDataBytes) : held, shownText(why, mostAttributeBytes));
    },
  };
}
