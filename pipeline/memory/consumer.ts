import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Target } from '@spillway/core/job.ts';
import type { JobMessage } from '@spillway/core/messages.ts';
import { finalizedObjectSchema } from '@spillway/core/uploads.ts';
import { z } from 'zod';
import type { Consumer } from '../ports/consumer.ts';
import type { Clock } from '../ports/ports.ts';

/** The same as that of the local stack's subscription. Milliseconds. */
const ackDeadlineMs = 20_000;
/** How long a pull waits for a message. Milliseconds. */
const pullMs = 10;

/** An event, as JSON: an object that is complete. */
const eventSchema = finalizedObjectSchema.extend({
  timeCreated: z.iso
    .datetime()
    .transform((text) => new Date(text))
    .pipe(finalizedObjectSchema.shape.timeCreated),
});

interface WaitingMessages {
  messages: Record<Target, JobMessage[]>;
  traces: WeakMap<JobMessage, string>;
}

/**
 * Takes messages out of a queue in this process's memory. The body of a push is the message's data itself, that of an
 * event the object.
 */
export function createMemoryConsumer({ messages, traces }: WaitingMessages, clock: Clock): Consumer {
  const held = new Map<string, { target: Target; message: JobMessage; deadline: number }>();
  const deadlineIn = (ms: number) => clock.now().getTime() + ms;

  function bringBackOverdue(): void {
    for (const [ackId, { deadline }] of held) if (deadline <= clock.now().getTime()) bringBack(ackId);
  }

  function bringBack(ackId: string): void {
    const lent = held.get(ackId);
    if (lent && held.delete(ackId)) messages[lent.target].push(lent.message);
  }

  return {
    async pull(target) {
      bringBackOverdue();
      if (messages[target].length === 0) await delay(pullMs);
      bringBackOverdue();
      const message = messages[target].shift();
      if (!message) return null;
      const ackId = randomUUID();
      held.set(ackId, { target, message, deadline: deadlineIn(ackDeadlineMs) });
      return { ackId, data: JSON.stringify(message), trace: traces.get(message) ?? null };
    },
    async reconnect() {},
    async extend(ackIds, ms) {
      bringBackOverdue();
      for (const ackId of ackIds) {
        const lent = held.get(ackId);
        if (lent) lent.deadline = deadlineIn(ms);
      }
    },
    async settle(ackId, ack) {
      if (ack) held.delete(ackId);
      else bringBack(ackId);
    },
    readPush: (body) => ({ data: body, trace: null }),
    readStorageEvent({ body }) {
      const read = eventSchema.safeParse(body);
      if (read.success) return { kind: 'finalized', object: read.data, eventId: '' };
      return { kind: 'unreadable', problem: z.prettifyError(read.error), eventId: '' };
    },
  };
}
