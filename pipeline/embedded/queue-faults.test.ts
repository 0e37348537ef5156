import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from '@spillway/core/testing/seeded-random.ts';
import { expect, it, onTestFinished } from 'vitest';
import { manualClock, timeOf } from '../testing/manual-clock.ts';
import { type Database, openDatabase } from './database.ts';
import { createMessages, type Messages, type TakenMessage } from './messages.ts';
import { type Subscription, subscriptions } from './subscriptions.ts';

const jobs: Subscription = { ...subscriptions.vm, name: 'jobs', ackDeadlineMs: 20_000, mostAttempts: 12 };
const published = 200;

/** A message in the hands of a worker. */
interface Held {
  message: TakenMessage;
  deadline: number;
}

/**
 * Workers take messages and acknowledge, refuse, extend or forget them; they die with what they hold, are too slow, and
 * come back with another connection. Some messages are never acknowledged.
 */
async function play(seed: number) {
  const random = seededRandom(seed);
  const happens = (share: number) => random() < share;
  const directory = mkdtempSync(join(tmpdir(), 'queue-faults-'));
  const path = join(directory, 'spillway.db');
  const clock = manualClock();
  const opened: Database[] = [];
  onTestFinished(() => {
    for (const database of opened) database.close();
    rmSync(directory, { recursive: true });
  });
  async function connect(): Promise<Messages> {
    const database = await openDatabase(path, timeOf(clock).clock);
    opened.push(database);
    return createMessages(database);
  }
  const router = await connect();
  const workers = await Promise.all(
    Array.from({ length: 4 }, async () => ({ messages: await connect(), held: new Map<string, Held>() })),
  );
  const now = () => clock.now().getTime();
  const deliveries = new Map<string, TakenMessage[]>();
  const acknowledged = new Set<string>();
  const isPoison = (data: string) => Number(data) % 50 === 0;
  /** Those that hold a message whose deadline has not passed. */
  const holders = (messageId: string) =>
    workers
      .flatMap(({ held }) => [...held.values()])
      .filter(({ message, deadline }) => {
        return message.messageId === messageId && deadline > now();
      });
  let sent = 0;

  while ((await router.firstDueAt(jobs)) !== null || sent < published) {
    while (sent < published && happens(0.6)) {
      await router.publish(jobs, { data: String(sent++), attributes: {} });
    }
    for (const worker of workers) {
      const { held } = worker;
      for (const message of await worker.messages.take(jobs, Math.ceil(random() * 3))) {
        expect(acknowledged).not.toContain(message.messageId);
        expect(holders(message.messageId)).toEqual([]);
        deliveries.set(message.messageId, [...(deliveries.get(message.messageId) ?? []), message]);
        held.set(message.ackId, { message, deadline: now() + jobs.ackDeadlineMs });
      }
      for (const [ackId, { message, deadline }] of held) {
        if (happens(0.3)) {
          if (isPoison(message.data)) continue;
          await worker.messages.acknowledge(ackId);
          // A late one counts too while nobody else has the message.
          if (deadline > now()) acknowledged.add(message.messageId);
          held.delete(ackId);
        } else if (happens(0.1)) {
          await worker.messages.refuse(ackId);
          held.delete(ackId);
        } else if (happens(0.2) && deadline > now()) {
          await worker.messages.extend([ackId], 30_000);
          held.set(ackId, { message, deadline: now() + 30_000 });
        }
      }
      if (happens(0.03)) {
        // It is killed, and another process takes its place.
        held.clear();
        worker.messages = await connect();
      }
    }
    clock.advance(Math.ceil(random() * 4_000));
  }
  const dead = await router.peek(subscriptions.dead, published);
  return { deliveries, acknowledged, dead: dead.map(({ data }) => data), isPoison };
}

it.each([1, 2, 3, 4])(
  'among workers that die, stall and refuse, a message has one holder, and ends acknowledged or dead (seed %i)',
  async (seed) => {
    const { deliveries, dead, isPoison } = await play(seed);
    expect(deliveries.size).toBe(published);
    for (const each of deliveries.values()) {
      expect(each.map(({ deliveryAttempt }) => deliveryAttempt)).toEqual(each.map((_, index) => index + 1));
      expect(each.length).toBeLessThanOrEqual(jobs.mostAttempts ?? 0);
    }
    const poison = [...deliveries.values()].flatMap(([first]) => {
      return first && isPoison(first.data) ? [first.data] : [];
    });
    expect(poison).toHaveLength(4);
    expect(dead).toEqual(expect.arrayContaining(poison));
  },
);
