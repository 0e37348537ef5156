import type { PushRequest, Source } from '../push/pusher.ts';
import type { Messages, TakenMessage } from './messages.ts';
import type { Subscription } from './subscriptions.ts';
import type { WaitingPulls } from './waiting-pulls.ts';

/** One pull waits at most this long for a message. Milliseconds. */
const longestPullMs = 60_000;

/** A subscription whose messages a pusher sends. Its ack deadline is the limit of a push, so nothing is extended. */
export function pushSource(
  subscription: Subscription,
  { messages, pulls }: { messages: Messages; pulls: WaitingPulls },
  requestOf: (message: TakenMessage) => PushRequest,
): Source {
  return {
    async pull(most, signal) {
      const taken = await pulls.pull(subscription, most, longestPullMs, signal);
      return taken.map((message) => ({ ackId: message.ackId, request: requestOf(message) }));
    },
    acknowledge: messages.acknowledge,
    refuse: messages.refuse,
  };
}
