import { OutageError } from '@spillway/core/errors.ts';
import { overTime } from '@spillway/core/steps.ts';
import { describe, expect, it } from 'vitest';
import { emptyOutbox, followEnd } from './after-end.ts';
import { handleMessage } from './handle-message.ts';
import { workbench } from './testing/workbench.ts';

/** A job that has ended while Pub/Sub took no events. */
async function endedUnheard() {
  const bench = await workbench();
  const { queue } = bench.ports;
  const { announce } = queue;
  queue.announce = () => Promise.reject(new OutageError('Pub/Sub did not answer.'));
  const [job] = await bench.drop();
  await handleMessage(bench.take('vm'), bench.executor());
  const stored = async () => {
    const read = await bench.ports.jobs.get(job?.id ?? '');
    if (!read) throw new Error('The job is gone.');
    return read;
  };
  return { bench, stored, heal: () => Object.assign(queue, { announce }) };
}

describe('what follows the end of a job', () => {
  it('is in the outbox from the write that ends it until it is done', async () => {
    const { bench, stored, heal } = await endedUnheard();
    const { job } = await stored();
    expect(job).toMatchObject({ state: 'succeeded', outbox: { since: job.endedAt, effects: ['event'] } });
    heal();
    await overTime(emptyOutbox(await stored(), bench.ports));
    expect((await stored()).job).toMatchObject({ outbox: null, eventPublishedAt: bench.clock.now() });
    expect(bench.ports.queue.announced).toMatchObject([{ id: `${job.id}-succeeded` }]);
  });

  it('stays there where it fails, which does not undo the end', async () => {
    const { bench, stored } = await endedUnheard();
    await expect(overTime(emptyOutbox(await stored(), bench.ports))).rejects.toThrow(OutageError);
    await overTime(followEnd(await stored(), bench.ports));
    expect((await stored()).job).toMatchObject({ state: 'succeeded', outbox: { effects: ['event'] } });
  });

  it('of a newer version is left to that version', async () => {
    const { bench, stored, heal } = await endedUnheard();
    heal();
    const before = await stored();
    const outbox = { since: bench.clock.now(), effects: ['webhook', 'event'] };
    await bench.ports.jobs.replace(before, { ...before.job, outbox });
    await overTime(emptyOutbox(await stored(), bench.ports));
    expect((await stored()).job.outbox).toEqual({ ...outbox, effects: ['webhook'] });
    await overTime(emptyOutbox(await stored(), bench.ports));
    expect(bench.ports.queue.announced).toHaveLength(1);
  });
});
