import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Job } from '@spillway/core/job.ts';
import { sampleJob } from '@spillway/core/testing/sample-job.ts';
import { expect, it, onTestFinished } from 'vitest';
import { silentLog } from '../memory/ports.ts';
import { manualClock, timeOf } from '../testing/manual-clock.ts';
import { openDatabase } from './database.ts';
import { createEmbeddedDocuments } from './document-ports.ts';
import { createMessages } from './messages.ts';
import { subscriptions } from './subscriptions.ts';

const dayMs = 24 * 3_600_000;

async function open() {
  const directory = mkdtempSync(join(tmpdir(), 'retention-'));
  const clock = manualClock();
  const database = await openDatabase(join(directory, 'spillway.db'), timeOf(clock).clock);
  onTestFinished(() => {
    database.close();
    rmSync(directory, { recursive: true });
  });
  const documents = createEmbeddedDocuments(database, silentLog, (_, error) => expect.fail(String(error)));
  const count = (table: string) =>
    Number(database.prepare(`SELECT count(*) AS count FROM ${table}`).get()?.count);
  /** Sweeps, each with a bounded number of removals, until nothing is removed any more. */
  async function removeAll(table: string): Promise<number[]> {
    const counts = [count(table)];
    for (;;) {
      await documents.retention.removeExpired();
      counts.push(count(table));
      if (counts.at(-1) === counts.at(-2)) return counts;
    }
  }
  return { clock, database, documents, messages: createMessages(database), count, removeAll };
}

it('removes jobs, audit entries and keys whose time has passed, and no others', async () => {
  const { clock, documents, count } = await open();
  const expiresAt = new Date(clock.now().getTime() + dayMs);
  const ended: Job = { ...sampleJob({ id: 'ended' }), state: 'succeeded', expiresAt };
  await documents.jobs.create(ended);
  await documents.jobs.create(sampleJob({ id: 'open' }));
  const entry = { by: 'a@example.com', action: 'settings.change', subject: 'settings/routing' } as const;
  await documents.audit.begin({
    ...{
      ...entry,
      id: 'entry',
      at: clock.now(),
      detail: null,
      outcome: 'begun' as const,
      result: null,
      expiresAt,
    },
  });
  const made = { createdAt: clock.now(), createdBy: 'a@example.com', lastUsedAt: null };
  const named = { name: 'camera', owner: 'garden', scopes: ['read' as const] };
  const ends = { validUntil: expiresAt, revokedAt: null, revokedBy: null, expiresAt };
  await documents.apiKeys.create({ id: '0'.repeat(16), hash: '0'.repeat(64), ...named, ...made, ...ends });
  const counts = () => ['jobs', 'audit', 'api_keys'].map(count);
  clock.advance(dayMs);
  await documents.retention.removeExpired();
  expect(counts()).toEqual([2, 1, 1]);
  clock.advance(1);
  await documents.retention.removeExpired();
  expect(counts()).toEqual([1, 0, 0]);
  expect((await documents.jobs.get('open'))?.job.id).toBe('open');
});

it('removes a bounded number at a time, and goes on at the next sweep', async () => {
  const { clock, messages, removeAll } = await open();
  for (let index = 0; index < 1_300; index++) {
    await messages.publish(subscriptions.vm, { data: String(index), attributes: {} });
  }
  await messages.publish(subscriptions.uploads, { data: 'an upload', attributes: {} });
  // The machine was off, perhaps, and the upload has no job yet.
  clock.advance(7 * dayMs + 1);
  await messages.publish(subscriptions.vm, { data: 'new', attributes: {} });
  expect(await removeAll('messages')).toEqual([1_302, 702, 102, 2, 2]);
});

it('keeps dead letters for a month, and the newest events up to a number', async () => {
  const { clock, messages, database, documents, count, removeAll } = await open();
  await messages.publish(subscriptions.dead, { data: 'odd', attributes: {} });
  const { name, mostKept } = subscriptions.events;
  await database.write('publish many', () => {
    const insert = database.prepare(
      `INSERT INTO messages (subscription, due_at, attempts, published_at, attributes, data) VALUES (?, ?, 0, ?, '{}', ?)`,
    );
    for (let index = 0; index < mostKept + 100; index++) insert.run(name, index, index, String(index));
  });
  clock.advance(-clock.now().getTime());
  expect((await removeAll('messages')).at(-1)).toBe(mostKept + 1);
  const [oldest] = await messages.peek(subscriptions.events, 1);
  expect(oldest?.data).toBe('100');
  clock.advance(30 * dayMs);
  await documents.retention.removeExpired();
  expect(count('messages')).toBeGreaterThan(0);
});

it('brings messages back that wait for a time far ahead, since the clock was set back', async () => {
  const { clock, messages, documents } = await open();
  await messages.publish(subscriptions.vm, { data: 'a', attributes: {} });
  clock.advance(-365 * dayMs);
  expect(await messages.take(subscriptions.vm, 1)).toEqual([]);
  await documents.retention.removeExpired();
  expect(await messages.take(subscriptions.vm, 1)).toHaveLength(1);
});
