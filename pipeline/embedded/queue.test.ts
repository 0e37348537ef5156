import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { OutageError } from '@spillway/core/errors.ts';
import { describe, expect, it, onTestFinished } from 'vitest';
import { manualClock, timeOf } from '../testing/manual-clock.ts';
import { openDatabase } from './database.ts';
import { createEmbeddedDeadLetters } from './dead-letters.ts';
import { createMessages } from './messages.ts';
import { type Subscription, subscriptions } from './subscriptions.ts';
import { createWaitingPulls } from './waiting-pulls.ts';

/** A message that is held comes again soon, so that a test can await it. */
const quick: Subscription = { ...subscriptions.vm, name: 'quick', ackDeadlineMs: 300, mostAttempts: null };
const noAttributes = {};

async function openQueue() {
  const directory = mkdtempSync(join(tmpdir(), 'queue-'));
  const clock = manualClock();
  const path = join(directory, 'spillway.db');
  const database = await openDatabase(path);
  const byHand = await openDatabase(path, timeOf(clock).clock);
  const messages = createMessages(database);
  const pulls = createWaitingPulls(database, messages);
  onTestFinished(() => {
    pulls.close();
    database.close();
    byHand.close();
    rmSync(directory, { recursive: true });
  });
  const publish = async (subscription: Subscription, count: number) => {
    const all = Array.from({ length: count }, (_, index) => String(index));
    for (const data of all) await messages.publish(subscription, { data, attributes: noAttributes });
    return all;
  };
  /** Messages on a clock that the test moves. */
  return { path, clock, database, messages, slow: createMessages(byHand), pulls, publish };
}

/** Another process that takes messages. What it has taken grows. */
async function takingProcess(path: string, subscription: Subscription, then: 'acknowledge' | 'hold') {
  const entry = fileURLToPath(new URL('testing/taking-process.ts', import.meta.url));
  const child = fork(entry, [path, JSON.stringify(subscription), then], { serialization: 'json' });
  const taken: string[] = [];
  const { promise: ready, resolve } = Promise.withResolvers<void>();
  child.on('message', (message: { ready?: true; data?: string }) => {
    if (message.data === undefined) resolve();
    else taken.push(message.data);
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  await ready;
  return { taken, child };
}

describe('several processes', () => {
  it('share a subscription, and no message is held by two of them', async () => {
    const { path, publish, messages } = await openQueue();
    const kept: Subscription = {
      ...subscriptions.vm,
      name: 'shared',
      ackDeadlineMs: 600_000,
      mostAttempts: null,
    };
    const processes = await Promise.all([1, 2].map(() => takingProcess(path, kept, 'acknowledge')));
    const all = await publish(kept, 400);
    await expect.poll(() => messages.firstDueAt(kept)).toBeNull();
    const taken = () => processes.flatMap((each) => each.taken);
    await expect.poll(() => taken().length).toBeGreaterThanOrEqual(all.length);
    expect(taken().sort()).toEqual(all.sort());
  });

  it('wake each other, and what a killed one held comes again', async () => {
    const { path, publish, pulls } = await openQueue();
    // It waits when the message is published.
    const { taken, child } = await takingProcess(path, quick, 'hold');
    await publish(quick, 1);
    await expect.poll(() => taken.length).toBeGreaterThan(0);
    child.kill('SIGKILL');
    const [again] = await pulls.pull(quick, 1, 50_000);
    expect(again?.data).toBe('0');
    expect(again?.deliveryAttempt).toBeGreaterThan(1);
  });
});

it('has what a process published that is killed at any moment', async () => {
  const { path, messages } = await openQueue();
  const entry = fileURLToPath(new URL('testing/publishing-process.ts', import.meta.url));
  const told: string[] = [];
  for (const most of [1, 40, 150]) {
    const child = fork(entry, [path]);
    onTestFinished(() => void child.kill('SIGKILL'));
    const before = told.length;
    child.on('message', ({ data }: { data: string }) => {
      told.push(data);
      if (told.length - before >= most) child.kill('SIGKILL');
    });
    await once(child, 'close');
  }
  const kept = await messages.peek(subscriptions.vm, 10_000);
  const left = kept.map(({ data }) => data);
  for (const data of told) expect(left.splice(left.indexOf(data), 1)).toEqual([data]);
});

describe('a message that was taken', () => {
  it('is forgotten or brought back by its own delivery alone', async () => {
    const { clock, slow } = await openQueue();
    await slow.publish(subscriptions.vm, { data: 'a', attributes: { b: 'ü\0' } });
    const [first] = await slow.take(subscriptions.vm, 5);
    expect(first).toMatchObject({ data: 'a', attributes: { b: 'ü\0' }, deliveryAttempt: 1 });
    expect(await slow.take(subscriptions.vm, 5)).toEqual([]);
    clock.advance(subscriptions.vm.ackDeadlineMs);
    const [second] = await slow.take(subscriptions.vm, 5);
    expect(second).toMatchObject({ messageId: first?.messageId, deliveryAttempt: 2 });
    // The process that had it first is only slow.
    await slow.extend([first?.ackId ?? ''], 0);
    await slow.refuse(first?.ackId ?? '');
    await slow.acknowledge(first?.ackId ?? '');
    expect(await slow.firstDueAt(subscriptions.vm)).toBe(clock.now().getTime() + 20_000);
    await slow.acknowledge(second?.ackId ?? '');
    expect(await slow.firstDueAt(subscriptions.vm)).toBeNull();
  });

  it('stays away longer with each refusal, up to half a minute', async () => {
    const { clock, slow } = await openQueue();
    await slow.publish(subscriptions.vm, { data: 'a', attributes: noAttributes });
    const pauses: number[] = [];
    for (let refusal = 0; refusal < 7; refusal++) {
      const [message] = await slow.take(subscriptions.vm, 1);
      await slow.refuse(message?.ackId ?? '');
      const pauseMs = ((await slow.firstDueAt(subscriptions.vm)) ?? 0) - clock.now().getTime();
      pauses.push(pauseMs / 1_000);
      clock.advance(pauseMs - 1);
      expect(await slow.take(subscriptions.vm, 1)).toEqual([]);
      clock.advance(1);
    }
    expect(pauses).toEqual([1, 2, 4, 8, 16, 30, 30]);
  });

  it('is a dead letter once it was taken a hundred times, and another is taken in its place', async () => {
    const { clock, slow } = await openQueue();
    await slow.publish(subscriptions.vm, { data: 'odd', attributes: { traceparent: 'x' } });
    for (let attempt = 1; attempt <= 100; attempt++) {
      const [message] = await slow.take(subscriptions.vm, 1);
      expect(message?.deliveryAttempt).toBe(attempt);
      clock.advance(subscriptions.vm.ackDeadlineMs);
    }
    const letters = createEmbeddedDeadLetters(slow);
    expect(await letters.peek(10)).toEqual([]);
    expect(await slow.take(subscriptions.vm, 1)).toEqual([]);
    expect(await letters.peek(10)).toMatchObject([{ problem: 'It was delivered too often.', data: 'odd' }]);
    expect(await letters.peek(10)).toHaveLength(1);
    const [kept] = await slow.peek(subscriptions.dead, 1);
    expect(kept).toMatchObject({ data: 'odd', attributes: { traceparent: 'x' }, publishedAt: clock.now() });
    await slow.remove([kept?.messageId ?? '']);
    expect(await letters.peek(10)).toEqual([]);
  });
});

describe('pulls of one process', () => {
  it('wait together and get a message each, the first due first', async () => {
    const { pulls, publish } = await openQueue();
    const waiting = [1, 2, 3].map(() => pulls.pull(quick, 1, 50_000));
    await publish(quick, 3);
    pulls.look();
    const taken = (await Promise.all(waiting)).flat().map(({ data }) => data);
    expect(taken).toEqual(['0', '1', '2']);
  });

  it('end without a message when they are aborted, at their time and when all is closed', async () => {
    const { pulls } = await openQueue();
    const abort = new AbortController();
    const aborted = pulls.pull(quick, 1, 60_000, abort.signal);
    abort.abort();
    expect(await aborted).toEqual([]);
    expect(await pulls.pull(quick, 1, 60_000, abort.signal)).toEqual([]);
    expect(await pulls.pull(quick, 1, 1)).toEqual([]);
    const waiting = pulls.pull(quick, 1, 60_000);
    pulls.close();
    expect(await waiting).toEqual([]);
  });

  it('fail where the database is gone', async () => {
    const { pulls, database } = await openQueue();
    const waiting = pulls.pull(quick, 1, 60_000);
    database.close();
    pulls.look();
    await expect(waiting).rejects.toThrow(OutageError);
  });
});

it('finds what is due without looking at what waits', async () => {
  const { database } = await openQueue();
  const plan = (sql: string) =>
    database
      .prepare(`EXPLAIN QUERY PLAN ${sql}`)
      .all()
      .map(({ detail }) => detail);
  const due = "subscription = 'a' AND due_at <= 1 ORDER BY due_at, id LIMIT 1";
  expect(plan(`SELECT id FROM messages WHERE ${due}`)).toEqual([
    'SEARCH messages USING COVERING INDEX messages_due (subscription=? AND due_at<?)',
  ]);
});
