import { describe, expect, it } from 'vitest';
import { handleMessage } from './handle-message.ts';
import { routeUpload } from './route.ts';
import { sweepOnce } from './sweep.ts';
import { onMachine } from './testing/on-machine.ts';
import { copying, workbench } from './testing/workbench.ts';

const tenMinutes = 600_000;

/** A router, a worker and a sweeper on one database, each with a clock of its own. */
async function machines(worker: number, others: number) {
  const bench = await workbench();
  return {
    bench,
    router: onMachine(bench.ports, others),
    worker: onMachine(bench.ports, worker),
    sweeper: onMachine(bench.ports, others),
  };
}

describe.each([
  ['the worker ten minutes fast, all others slow', tenMinutes, -tenMinutes],
  ['the worker ten minutes slow, all others fast', -tenMinutes, tenMinutes],
])('on machines that disagree about the time: %s', (_case, workerAhead, othersAhead) => {
  it('a long job is done once, and is not taken from the worker that does it', async () => {
    const { bench, router, worker, sweeper } = await machines(workerAhead, othersAhead);
    const object = bench.ports.blobs.upload('uploads', 'sketch/cat.jpg', Buffer.from('cat'));
    const [job] = await routeUpload(object, null, router);
    const swept: unknown[] = [];
    const message = bench.take('vm');
    const other = { ...bench.executor('vm-2'), ports: onMachine(bench.ports, othersAhead) };
    const outcome = await handleMessage(message, {
      ...bench.executor('vm-1', async (request) => {
        for (let seconds = 0; seconds < 30; seconds += 2) {
          bench.clock.advance(2_000);
          await bench.beats();
          swept.push(await sweepOnce('sweeper', sweeper));
          expect(await handleMessage(message, other)).toMatchObject({ why: 'claimed' });
        }
        return copying(request);
      }),
      ports: worker,
    });
    expect(outcome).toMatchObject({ kind: 'succeeded', job: { attempt: 1 } });
    expect(swept).toHaveLength(15);
    for (const each of swept) expect(each).toMatchObject({ freed: 0, republished: 0 });
    const ended = await bench.job(job?.id);
    expect(ended.timings).toMatchObject({ waitMs: 0, totalMs: 30_000 });
    expect(ended.endedAt).toEqual(bench.clock.now());
  });

  it('the job of a worker that died is taken up once its claim has run out, and no sooner', async () => {
    const { bench, router, worker, sweeper } = await machines(workerAhead, othersAhead);
    const object = bench.ports.blobs.upload('uploads', 'sketch/cat.jpg', Buffer.from('cat'));
    await routeUpload(object, null, router);
    const died = Promise.withResolvers<void>();
    const dying = bench.executor('vm-1', () => {
      died.resolve();
      return new Promise<never>(() => {});
    });
    void handleMessage(bench.take('vm'), {
      ...dying,
      ports: { ...worker, timers: { every: () => () => {} } },
    });
    await died.promise;
    bench.clock.advance(dying.claimMs - 1);
    await bench.beats();
    expect(await sweepOnce('sweeper', sweeper)).toMatchObject({ freed: 0 });
    bench.clock.advance(1);
    await bench.beats();
    expect(await sweepOnce('sweeper', sweeper)).toMatchObject({ freed: 1 });
    const again = { ...bench.executor('vm-2'), ports: onMachine(bench.ports, workerAhead) };
    expect(await handleMessage(bench.take('vm'), again)).toMatchObject({ kind: 'succeeded' });
  });
});
