import type { Database } from './database.ts';
import { pauseAfterRefusal, type Subscription, subscriptions } from './subscriptions.ts';

/** What is published. */
export interface NewMessage {
  data: string;
  attributes: Readonly<Record<string, string>>;
}

/** A message that waits or is held. */
export interface KeptMessage extends NewMessage {
  /** Names the message; it is the same when the message comes again. */
  messageId: string;
  publishedAt: Date;
}

/** A message that was taken, and is held until its ack deadline. */
export interface TakenMessage extends KeptMessage {
  /** Names this delivery. A message that comes again has another one. */
  ackId: string;
  /** 1 for the first. */
  deliveryAttempt: number;
}

/** The messages of all subscriptions. Every method is one transaction and throws `OutageError`. */
export interface Messages {
  publish(subscription: Subscription, message: NewMessage): Promise<void>;
  /** Takes up to `most` messages that are due, the one that is due for longest first. */
  take(subscription: Subscription, most: number): Promise<TakenMessage[]>;
  /** When the first message is or becomes due, in milliseconds since 1970; null where there is none. */
  firstDueAt(subscription: Subscription): Promise<number | null>;
  /** Moves the ack deadlines of messages to `ms` milliseconds from now. */
  extend(ackIds: readonly string[], ms: number): Promise<void>;
  /** Forgets a message, unless it has come again. */
  acknowledge(ackId: string): Promise<void>;
  /** Brings a message again after a pause that grows with its attempts, unless it has come again already. */
  refuse(ackId: string): Promise<void>;
  /** Brings all messages again at once that are held, for the only program that takes them: who held them has died. */
  releaseAll(subscription: Subscription): Promise<void>;
  /** The oldest messages that wait or are held. They stay as they are. */
  peek(subscription: Subscription, most: number): Promise<KeptMessage[]>;
  /** Removes messages, held or not. */
  remove(messageIds: readonly string[]): Promise<void>;
}

interface Row {
  id: number;
  subscription: string;
  attempts: number;
  published_at: number;
  attributes: string;
  data: string;
}

export function createMessages(database: Database): Messages {
  const now = () => database.clock.now().getTime();
  const insert = database.prepare(
    'INSERT INTO messages (subscription, due_at, attempts, published_at, attributes, data) VALUES (?, ?, 0, ?, ?, ?)',
  );
  const firstDue = database.prepare(
    'SELECT due_at FROM messages WHERE subscription = ? ORDER BY due_at, id LIMIT 1',
  );
  // A message that was taken too often is moved to the dead letters by the same statement, and begins there as if new.
  const takeDue = database.prepare(`
    UPDATE messages SET
      subscription = iif(attempts < :mostAttempts, subscription, :dead),
      due_at = iif(attempts < :mostAttempts, :deadline, :now),
      published_at = iif(attempts < :mostAttempts, published_at, :now),
      attempts = iif(attempts < :mostAttempts, attempts + 1, 0)
    WHERE id IN (
      SELECT id FROM messages WHERE subscription = :subscription AND due_at <= :now ORDER BY due_at, id LIMIT :most
    )
    RETURNING id, subscription, attempts, published_at, attributes, data`);
  const setDue = database.prepare('UPDATE messages SET due_at = ? WHERE id = ? AND attempts = ?');
  const release = database.prepare(
    'UPDATE messages SET due_at = :now WHERE subscription = :subscription AND due_at > :now',
  );
  const remove = database.prepare('DELETE FROM messages WHERE id = ? AND attempts = ?');
  const removeAny = database.prepare('DELETE FROM messages WHERE id = ?');
  const oldest = database.prepare(
    'SELECT id, published_at, attributes, data FROM messages WHERE subscription = ? ORDER BY due_at, id LIMIT ?',
  );

  return {
    async publish({ name }, { data, attributes }) {
      await database.write('publish a message', () =>
        insert.run(name, now(), now(), JSON.stringify(attributes), data),
      );
    },
    take: (subscription, most) =>
      database.write('take messages', () => {
        const at = now();
        const rows = takeDue.all({
          subscription: subscription.name,
          dead: subscriptions.dead.name,
          mostAttempts: subscription.mostAttempts ?? Number.MAX_SAFE_INTEGER,
          now: at,
          deadline: at + subscription.ackDeadlineMs,
          most,
        }) as unknown as Row[];
        return rows
          .filter((row) => row.subscription === subscription.name)
          .toSorted((a, b) => a.id - b.id)
          .map(taken);
      }),
    firstDueAt: ({ name }) =>
      database.read('look for messages', () => {
        const row = firstDue.get(name) as { due_at: number } | undefined;
        return row?.due_at ?? null;
      }),
    async extend(ackIds, ms) {
      await database.write('extend ack deadlines', () => {
        for (const { id, attempts } of ackIds.map(deliveryOf)) setDue.run(now() + ms, id, attempts);
      });
    },
    async acknowledge(ackId) {
      const { id, attempts } = deliveryOf(ackId);
      await database.write('forget a message', () => remove.run(id, attempts));
    },
    async refuse(ackId) {
      const { id, attempts } = deliveryOf(ackId);
      await database.write('take a message back', () =>
        setDue.run(now() + pauseAfterRefusal(attempts), id, attempts),
      );
    },
    async releaseAll({ name }) {
      await database.write('bring messages again', () => release.run({ subscription: name, now: now() }));
    },
    peek: ({ name }, most) =>
      database.read('show messages', () => {
        const rows = oldest.all(name, most) as unknown as Row[];
        return rows.map(kept);
      }),
    async remove(messageIds) {
      await database.write('remove messages', () => {
        for (const id of messageIds) removeAny.run(Number(id));
      });
    },
  };
}

function kept({ id, published_at, attributes, data }: Omit<Row, 'attempts' | 'subscription'>): KeptMessage {
  return {
    data,
    attributes: JSON.parse(attributes),
    messageId: String(id),
    publishedAt: new Date(published_at),
  };
}

function taken(row: Row): TakenMessage {
  return { ...kept(row), ackId: `${row.id}-${row.attempts}`, deliveryAttempt: row.attempts };
}

function deliveryOf(ackId: string): { id: number; attempts: number } {
  const [id, attempts] = ackId.split('-').map(Number);
  return { id: id ?? 0, attempts: attempts ?? 0 };
}
