import { randomUUID } from 'node:crypto';
import type { Target } from '@spillway/core/job.ts';
import { parseJobMessage } from '@spillway/core/messages.ts';
import { noon } from '@spillway/core/testing/sample-job.ts';
import type { FinalizedObject } from '@spillway/core/uploads.ts';
import { describe, expect, it } from 'vitest';
import type { Consumer, IncomingRequest, PulledMessage } from '../ports/consumer.ts';
import type { DeadLetters } from '../ports/dead-letters.ts';
import type { Queue } from '../ports/queue.ts';

/**
 * What every consumer promises.
 * @param eventOf The request by which the store reports an object.
 * @param pullsRun Whether what is published for Cloud Run can be pulled, too.
 * @param pushOf The body of the request in which the service pushes a message with this data.
 */
export function consumerContract(
  name: string,
  ports: () => { queue: Queue; consumer: Consumer; deadLetters: DeadLetters },
  pushOf: (data: string) => string,
  eventOf: (object: FinalizedObject) => IncomingRequest,
  { pullsRun = true }: { pullsRun?: boolean } = {},
): void {
  async function publish(count: number, trace: string | null = null): Promise<string[]> {
    const ids = Array.from({ length: count }, () => randomUUID());
    for (const jobId of ids) await ports().queue.publish('vm', { schemaVersion: 1, jobId, epoch: 0 }, trace);
    return ids;
  }

  /** Pulls until `count` messages have come, with this number of pulls that wait at the same time. */
  async function pulled(count: number, atOnce = 1): Promise<PulledMessage[]> {
    const messages: PulledMessage[] = [];
    while (messages.length < count) {
      const wanted = Math.min(atOnce, count - messages.length);
      const came = await Promise.all(Array.from({ length: wanted }, () => ports().consumer.pull('vm')));
      messages.push(...came.filter((message) => message !== null));
    }
    return messages;
  }

  async function forget(messages: PulledMessage[]): Promise<void> {
    for (const { ackId } of messages) await ports().consumer.settle(ackId, true);
  }

  describe(`consumer: ${name}`, () => {
    it('gives each message once until it is settled, one to each pull that waits', async () => {
      const ids = await publish(3);
      const messages = await pulled(3, 2);
      expect(messages.map(jobIdOf).sort()).toEqual(ids.sort());
      expect(new Set(messages.map(({ ackId }) => ackId)).size).toBe(3);
      await forget(messages);
    });

    it.runIf(pullsRun)('gives each target its own messages', async () => {
      const { queue, consumer } = ports();
      const [forRun, forVm] = [randomUUID(), randomUUID()];
      await queue.publish('run', { schemaVersion: 1, jobId: forRun, epoch: 0 }, null);
      await queue.publish('vm', { schemaVersion: 1, jobId: forVm, epoch: 0 }, null);
      const pulledFor = async (target: Target) => {
        const message = await consumer.pull(target);
        return message ?? expect.fail(`Nothing came for ${target}.`);
      };
      const [first, other] = [await pulledFor('run'), await pulledFor('vm')];
      expect([first, other].map(jobIdOf)).toEqual([forRun, forVm]);
      await consumer.settle(first.ackId, false);
      const again = await pulledFor('run');
      expect(jobIdOf(again)).toBe(forRun);
      await consumer.extend([again.ackId], 20_000);
      await forget([again, other]);
    });

    it('brings with a message the trace that it was published with', async () => {
      const trace = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
      await publish(1, trace);
      const [traced] = await pulled(1);
      await publish(1);
      const [untraced] = await pulled(1);
      expect([traced?.trace, untraced?.trace]).toEqual([trace, null]);
      await forget([traced, untraced].filter((message) => message !== undefined));
    });

    it('brings a message again at once that is not acknowledged', async () => {
      const [id] = await publish(1);
      const [first] = await pulled(1);
      const ackId = first?.ackId ?? '';
      // Its deadline would bring it again only after ten minutes.
      await ports().consumer.extend([ackId], 600_000);
      await ports().consumer.settle(ackId, false);
      const again = await pulled(1);
      expect(again.map(jobIdOf)).toEqual([id]);
      await forget(again);
    });

    it('brings a message again whose ack deadline has passed, and not one that was extended', async () => {
      await publish(2);
      const [kept, lost] = await pulled(2, 2);
      if (!kept || !lost) throw new Error('Two messages were published.');
      await ports().consumer.extend([kept.ackId], 60_000);
      await ports().consumer.extend([lost.ackId], 1_000);
      const again = await pulled(1);
      expect(again.map(jobIdOf)).toEqual([jobIdOf(lost)]);
      await forget([kept, ...again]);
    });

    it('ends a pull that brings nothing, and gives what comes later to the next', async () => {
      expect(await ports().consumer.pull('vm')).toBeNull();
      const ids = await publish(1);
      const next = await pulled(1);
      expect(next.map(jobIdOf)).toEqual(ids);
      await forget(next);
    });

    it('gives messages over a new connection, and to pulls that wait on the old one', async () => {
      const { consumer } = ports();
      const waiting = consumer.pull('vm');
      await consumer.reconnect();
      const beside = consumer.pull('vm');
      const ids = await publish(2);
      const messages = (await Promise.all([waiting, beside])).filter((message) => message !== null);
      const all = [...messages, ...(await pulled(2 - messages.length))];
      expect(all.map(jobIdOf).sort()).toEqual(ids.sort());
      await forget(all);
    });

    it('shows dead letters again and again, with what they had, until they are taken away', async () => {
      const { queue, deadLetters } = ports();
      const [kept, gone] = [`It is odd: ${randomUUID()}`, `It is odder: ${randomUUID()}`];
      await queue.bury('kept', kept);
      await queue.bury('gone', gone);
      const find = async (problem: string) =>
        (await deadLetters.peek(1_000)).find((letter) => letter.problem === problem);
      await expect.poll(() => find(kept)).toMatchObject({ data: 'kept', at: expect.anything() });
      await expect.poll(() => find(gone)).toBeDefined();
      await expect
        .poll(async () => {
          const letter = await find(gone);
          return letter !== undefined && (await deadLetters.remove(letter.id));
        })
        .toBe(true);
      await expect.poll(() => find(kept)).toMatchObject({ data: 'kept' });
      expect(await find(gone)).toBeUndefined();
      expect(await deadLetters.remove('123456789')).toBe(false);
    });

    it('reads what is told of an object, and says what cannot be read', () => {
      const { consumer } = ports();
      const object = {
        bucket: 'uploads',
        name: 'sketch/cät %41.jpg',
        generation: '1700000000000001',
        size: 1_000,
        contentType: 'image/jpeg',
        timeCreated: noon,
        metadata: { operation: 'sketch' },
      };
      const request = eventOf(object);
      expect(consumer.readStorageEvent(request)).toMatchObject({ kind: 'finalized', object });
      for (const body of [null, 'not json', {}, { ...object, size: -1 }, { ...object, timeCreated: true }]) {
        expect(consumer.readStorageEvent({ ...request, body })).toMatchObject({ kind: 'unreadable' });
      }
    });

    it('reads what is pushed, and gives back what is no push', () => {
      const { consumer } = ports();
      for (const data of ['{"jobId":"1"}', 'nöt JSON', ' ']) {
        expect(consumer.readPush(pushOf(data))).toEqual({ data, trace: null });
      }
      for (const body of ['', 'not json', '{"other":1}', '{"message":{"attributes":{"a":"b"}}}']) {
        expect(consumer.readPush(body)).toEqual({ data: body, trace: null });
      }
    });
  });
}

function jobIdOf({ data }: PulledMessage): string {
  const parsed = parseJobMessage(data);
  if (parsed.kind !== 'message') throw new Error(`${data} is no message.`);
  return parsed.message.jobId;
}
