import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseJobMessage } from '@spillway/core/messages.ts';
import { expect, onTestFinished } from 'vitest';
import { createMemoryPorts, createMemoryQueue, silentLog } from '../../memory/ports.ts';
import type { Queue } from '../../ports/queue.ts';
import { type ManualClock, timeOf } from '../../testing/manual-clock.ts';
import type { WorldDelivery, WorldEngine } from '../../testing/world-engine.ts';
import { openDatabase } from '../database.ts';
import { createEmbeddedDocuments } from '../document-ports.ts';
import { createMessages, type TakenMessage } from '../messages.ts';
import { createEmbeddedQueue } from '../queue.ts';
import { subscriptions } from '../subscriptions.ts';
import { createWaitingPulls } from '../waiting-pulls.ts';

/** Documents and messages in a file of their own. What is lost comes again at its ack deadline. */
export async function embeddedEngine(clock: ManualClock): Promise<WorldEngine> {
  const directory = await mkdtemp(join(tmpdir(), 'spillway-world-'));
  const database = await openDatabase(join(directory, 'spillway.db'), clock);
  onTestFinished(async () => {
    database.close();
    await rm(directory, { recursive: true });
  });
  const messages = createMessages(database);
  const documents = createEmbeddedDocuments(database, silentLog, (_, error) => expect.fail(String(error)));
  const queue = createEmbeddedQueue(messages, createWaitingPulls(database, messages));
  return {
    ports: { ...createMemoryPorts(timeOf(clock)), ...documents, queue: noting(queue) },
    async take(target, most) {
      return (await messages.take(subscriptions[target], most)).map(deliver);
    },
    async rest(target) {
      const waiting = await messages.peek(subscriptions[target], 10_000);
      return waiting.map(({ data }) => messageOf(data));
    },
  };

  function deliver({ ackId, data }: TakenMessage): WorldDelivery {
    let end: 'acknowledge' | 'refuse' | null = 'acknowledge';
    return {
      message: messageOf(data),
      comesAgain() {
        end &&= 'refuse';
      },
      isLost() {
        end = null;
      },
      async settle() {
        if (end !== null) await messages[end](ackId);
      },
    };
  }
}

/** Keeps what was announced for the test to see. */
function noting(queue: Queue) {
  const { announced, ...rest } = createMemoryQueue();
  return {
    ...rest,
    ...queue,
    announced,
    async announce(...[id, event, at, trace]: Parameters<Queue['announce']>) {
      await queue.announce(id, event, at, trace);
      announced.push({ id, event, trace });
    },
  };
}

function messageOf(data: string) {
  const parsed = parseJobMessage(data);
  if (parsed.kind !== 'message') throw new Error(`${data} is no message.`);
  return parsed.message;
}
