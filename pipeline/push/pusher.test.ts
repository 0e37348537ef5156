import { firstPace, pushBackoff, pushesAtOnce } from '@spillway/core/push-delivery.ts';
import { expect, it, onTestFinished } from 'vitest';
import { type Delivery, Pusher, type PushRequest, type Source } from './pusher.ts';

const anyRequest: PushRequest = { headers: {}, body: '' };

/** A subscription in memory: what is refused comes again at once. */
function subscription(count: number) {
  const waiting: Delivery[] = Array.from({ length: count }, (_, index) => ({
    ackId: String(index),
    request: { ...anyRequest, body: String(index) },
  }));
  const acknowledged: string[] = [];
  const source: Source = {
    async pull(most, signal) {
      if (waiting.length === 0) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, 5);
          signal.addEventListener('abort', () => {
            clearTimeout(timer);
            resolve();
          });
        });
      }
      return waiting.splice(0, most);
    },
    async acknowledge(ackId) {
      acknowledged.push(ackId);
    },
    async refuse(ackId) {
      waiting.push({ ackId, request: { ...anyRequest, body: ackId } });
    },
  };
  return { source, acknowledged };
}

function cutOff(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
}

function start(source: Source, send: (request: PushRequest) => Promise<number>, deadlineMs = 60_000) {
  const pusher = new Pusher({
    name: 'jobs',
    source,
    deadlineMs,
    log: () => {},
    send: (request, signal) => Promise.race([send(request), cutOff(signal)]),
  });
  void pusher.run();
  onTestFinished(() => pusher.stop());
  return pusher;
}

it('has a few pushes under way at first, and more with every success', async () => {
  const { source, acknowledged } = subscription(40);
  const waiting: ((status: number) => void)[] = [];
  let most = 0;
  start(source, () => {
    const { promise, resolve } = Promise.withResolvers<number>();
    waiting.push(resolve);
    most = Math.max(most, waiting.length);
    return promise;
  });
  const first = pushesAtOnce(firstPace);
  await expect.poll(() => waiting.length).toBe(first);
  for (const answer of waiting.splice(0)) answer(204);
  await expect.poll(() => waiting.length).toBe(2 * first);
  expect([most, acknowledged.length]).toEqual([2 * first, first]);
});

it.each([429, 500, 302])('brings a message again that was answered %i, and pauses', async (status) => {
  const { source, acknowledged } = subscription(1);
  const at: number[] = [];
  start(source, async () => {
    at.push(performance.now());
    return at.length < 3 ? status : 202;
  });
  await expect.poll(() => acknowledged).toEqual(['0']);
  const pauses = at.slice(1).map((time, index) => time - (at[index] ?? 0));
  // Never sooner than the backoff, however slow the machine is. A timer may fire up to 1 ms early.
  expect(pauses[0]).toBeGreaterThan(pushBackoff.leastMs - 2);
  expect(pauses[1]).toBeGreaterThan(2 * pushBackoff.leastMs - 2);
});

it('holds back the whole subscription after one failure', async () => {
  const { source, acknowledged } = subscription(6);
  const others: ((status: number) => void)[] = [];
  let failedAt: number | null = null;
  let nextAt: number | null = null;
  start(source, async ({ body }) => {
    if (failedAt !== null) {
      nextAt ??= performance.now();
      return 204;
    }
    const { promise, resolve } = Promise.withResolvers<number>();
    if (body !== '0') others.push(resolve);
    else {
      await expect.poll(() => others.length).toBe(pushesAtOnce(firstPace) - 1);
      failedAt = performance.now();
      resolve(503);
    }
    return promise;
  });
  await expect.poll(() => failedAt).not.toBeNull();
  for (const answer of others) answer(204);
  await expect.poll(() => acknowledged.length).toBe(6);
  expect((nextAt ?? 0) - (failedAt ?? 0)).toBeGreaterThan(pushBackoff.leastMs - 2);
});

it('gives a request up when its ack deadline has passed', async () => {
  const { source, acknowledged } = subscription(1);
  let tries = 0;
  start(source, () => (tries++ === 0 ? new Promise(() => {}) : Promise.resolve(200)), 20);
  await expect.poll(() => acknowledged).toEqual(['0']);
  expect(tries).toBe(2);
});

it('goes on after the service did not answer', async () => {
  const { source, acknowledged } = subscription(1);
  let failures = 1;
  const flaky: Source = {
    ...source,
    pull: (most, signal) =>
      failures-- > 0 ? Promise.reject(new Error('UNAVAILABLE')) : source.pull(most, signal),
  };
  start(flaky, async () => 200);
  await expect.poll(() => acknowledged).toEqual(['0']);
});
