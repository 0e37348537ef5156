import { OutageError, RetryableError } from '@spillway/core/errors.ts';
import type { Job } from '@spillway/core/job.ts';
import { wholeLine } from '@spillway/core/routing/lanes.ts';
import { routingSettingsSchema } from '@spillway/core/settings.ts';
import { steadyService } from '@spillway/core/testing/learned-service.ts';
import { postponed } from '@spillway/core/transitions.ts';
import { describe, expect, it } from 'vitest';
import { cancelJob } from './cancel.ts';
import type { Executor, Operate } from './executor.ts';
import { handleMessage, handleNextInLine } from './handle-message.ts';
import { copying, type Workbench, workbench } from './testing/workbench.ts';

const runOff = routingSettingsSchema.parse({ run: { enabled: false } });

/** One job for each of these operations, in this order. */
async function dropped(bench: Workbench, ...operations: string[]): Promise<Job[]> {
  const jobs: Job[] = [];
  for (const [index, operation] of operations.entries()) {
    jobs.push(...(await bench.drop(`${operation}/${index}.jpg`)));
  }
  return jobs;
}

/** Gives a VM the oldest message. */
async function turn(bench: Workbench, executor = bench.executor()): Promise<string | undefined> {
  const outcome = await handleMessage(bench.take('vm'), executor);
  return 'job' in outcome ? outcome.job.id : undefined;
}

const ids = (jobs: Job[]) => jobs.map(({ id }) => id);

describe('a turn on a VM', () => {
  it('goes to the job whose deadline comes first: a sketch passes captions', async () => {
    const bench = await workbench({ routing: runOff });
    const [caption, cutout, sketch] = ids(await dropped(bench, 'caption', 'remove-background', 'sketch'));
    const served = [await turn(bench), await turn(bench), await turn(bench)];
    expect(served).toEqual([sketch, cutout, caption]);
    expect(bench.ports.queue.messages.vm).toHaveLength(0);
  });

  it('of equal deadlines goes to each once, in the order of their ids', async () => {
    const bench = await workbench({ routing: runOff });
    const jobs = ids(await dropped(bench, 'sketch', 'sketch', 'sketch', 'sketch', 'sketch'));
    const served: unknown[] = [];
    for (const _ of jobs) served.push(await turn(bench));
    expect(served).toEqual(jobs.toSorted());
  });

  it('whose message names an ended job serves the next in line', async () => {
    const bench = await workbench();
    const [first, second] = await dropped(bench, 'sketch', 'sketch');
    await cancelJob(first?.id ?? '', bench.ports);
    expect(await turn(bench)).toBe(second?.id);
    // The other message is left over.
    expect(await handleMessage(bench.take('vm'), bench.executor())).toMatchObject({
      kind: 'dropped',
      why: 'ended',
    });
  });

  it('is given to two workers as two jobs, also where they come with the same message', async () => {
    const bench = await workbench();
    const jobs = await dropped(bench, 'sketch', 'sketch');
    const message = bench.take('vm');
    const served = await Promise.all(
      ['vm-1', 'vm-2'].map((id) => handleMessage(message, bench.executor(id))),
    );
    expect(served.map(({ kind }) => kind)).toEqual(['succeeded', 'succeeded']);
    for (const { id } of jobs) expect(await bench.job(id)).toMatchObject({ state: 'succeeded', attempt: 1 });
  });

  it.each([
    ['as they came', (list: unknown[]) => list],
    ['the other way round', (list: unknown[]) => list.toReversed()],
  ])('is not wasted where many workers are at the line at once, with messages %s', async (_, order) => {
    const bench = await workbench({ routing: runOff });
    const jobs = ids(await dropped(bench, ...new Array<string>(12).fill('sketch')));
    const messages = bench.ports.queue.messages.vm.splice(0);
    const byTurn = messages.toSorted((a, b) => (a.jobId < b.jobId ? -1 : 1));
    const taken = order(byTurn) as typeof byTurn;
    await Promise.all(taken.map((message, index) => handleMessage(message, bench.executor(`vm-${index}`))));
    const states = await Promise.all(jobs.map(async (id) => (await bench.job(id)).state));
    expect(states).toEqual(jobs.map(() => 'succeeded'));
  });

  it('passes over what is only reserved, however much of it stands first', async () => {
    const bench = await workbench({ routing: runOff });
    const [ready, other] = await dropped(bench, 'caption', 'caption');
    const { ledgerInTurn } = bench.ports.sums;
    const deciding = Promise.withResolvers<void>();
    bench.ports.sums.ledgerInTurn = async (...question) => {
      await deciding.promise;
      return ledgerInTurn(...question);
    };
    const reserved = Promise.all([1, 2, 3, 4, 5].map((index) => bench.drop(`sketch/${index}.jpg`)));
    await expect.poll(async () => (await bench.jobs()).length).toBe(7);
    await cancelJob(ready?.id ?? '', bench.ports);
    expect(await turn(bench)).toBe(other?.id);
    deciding.resolve();
    await reserved;
  });

  it('goes on to the job that the message names where the line cannot be claimed', async () => {
    const bench = await workbench();
    const [job] = await dropped(bench, 'sketch');
    bench.ports.backlog.heads = async () => [];
    expect(await turn(bench)).toBe(job?.id);
  });

  it('comes again after an outage while it is taken', async () => {
    const bench = await workbench();
    await dropped(bench, 'sketch');
    const { heads } = bench.ports.backlog;
    bench.ports.backlog.heads = () => Promise.reject(new OutageError('Firestore did not answer.'));
    const message = bench.take('vm');
    expect(await handleMessage(message, bench.executor())).toMatchObject({
      kind: 'given_back',
      failed: null,
    });
    bench.ports.backlog.heads = heads;
    expect(await handleMessage(message, bench.executor())).toMatchObject({ kind: 'succeeded' });
  });

  it('ends what this version cannot do, and leaves to a newer one what that has written', async () => {
    const bench = await workbench();
    const [strange, newer, well] = await dropped(bench, 'sketch', 'sketch', 'sketch');
    const change = async (job: Job | undefined, changes: Partial<Job>) => {
      const stored = await bench.ports.jobs.get(job?.id ?? '');
      if (stored) await bench.ports.jobs.replace(stored, { ...stored.job, ...changes });
    };
    await change(strange, { operation: 'paint' });
    await change(newer, { schemaVersion: 99 });
    const served = [await turn(bench), await turn(bench)];
    expect(served.toSorted()).toEqual(ids(strange && well ? [strange, well] : []).toSorted());
    expect(await bench.job(strange?.id)).toMatchObject({ error: { code: 'unknown_operation' } });
    const message = { schemaVersion: 1, jobId: newer?.id ?? '', epoch: 0 };
    expect(await handleMessage(message, bench.executor())).toMatchObject({ kind: 'newer' });
  });
});

describe('a job that is late already', () => {
  async function lateAndInTime() {
    const bench = await workbench({ routing: runOff });
    const late = ids(await dropped(bench, 'sketch', 'sketch', 'sketch', 'sketch', 'sketch', 'sketch'));
    bench.clock.advance(5_000);
    const inTime = ids(await bench.drop('sketch/in-time.jpg'));
    return { bench, late: late.toSorted(), inTime };
  }

  it('lets those pass that can still be in time, and then is done', async () => {
    const { bench, late, inTime } = await lateAndInTime();
    const served: unknown[] = [];
    for (const _ of [...late, ...inTime]) served.push(await turn(bench));
    expect(served).toEqual([...inTime, ...late]);
  });

  it('is postponed by fifteen seconds, with the message that it has', async () => {
    const { bench, late } = await lateAndInTime();
    await turn(bench);
    const { route } = await bench.job(late[0]);
    expect((route.turnAt?.getTime() ?? 0) - bench.clock.now().getTime()).toBe(15_000);
    expect(route.epoch).toBe(0);
  });

  it('lets others pass once: its later turn comes, however many come after it', async () => {
    const { bench, late } = await lateAndInTime();
    await turn(bench);
    bench.clock.advance(20_000);
    await bench.drop('sketch/later.jpg');
    await bench.drop('sketch/latest.jpg');
    expect(await turn(bench)).toBe(late[0]);
  });

  it('is done at once where nothing else waits', async () => {
    const bench = await workbench({ routing: runOff });
    const [job] = await dropped(bench, 'sketch');
    bench.clock.advance(5_000);
    expect(await turn(bench)).toBe(job?.id);
    expect((await bench.job(job?.id)).route.turnAt).toEqual(job?.deadlineAt);
  });
});

describe('a slot that goes on without a message', () => {
  it('does one job after another until none waits, and leaves their messages with nothing to do', async () => {
    const bench = await workbench({ routing: runOff });
    const [caption, sketch] = ids(await dropped(bench, 'caption', 'sketch'));
    const next = async () => {
      const outcome = await handleNextInLine(bench.executor());
      return 'job' in outcome ? outcome.job.id : outcome.kind;
    };
    expect([await next(), await next(), await next()]).toEqual([sketch, caption, 'nothing_waits']);
    for (const _ of [1, 2]) {
      expect(await handleMessage(bench.take('vm'), bench.executor())).toMatchObject({
        kind: 'dropped',
        why: 'ended',
      });
    }
  });

  it('does not do what waits for Cloud Run, nor what is not decided', async () => {
    const bench = await workbench();
    await bench.beats({ state: 'stopped' });
    await dropped(bench, 'sketch');
    expect(bench.ports.queue.messages.run).toHaveLength(1);
    expect((await handleNextInLine(bench.executor())).kind).toBe('nothing_waits');
  });

  it('says so where it was cut off', async () => {
    const bench = await workbench();
    await dropped(bench, 'sketch');
    bench.ports.backlog.heads = () => Promise.reject(new OutageError('Firestore did not answer.'));
    expect(await handleNextInLine(bench.executor())).toMatchObject({ kind: 'given_back', failed: null });
  });
});

/** A worker whose sketches take this many times the prior. */
function slow(bench: Workbench, ratio: number, process: Operate = copying): Executor {
  return { ...bench.executor('vm-1', process), learned: () => ({ sketch: steadyService(ratio) }) };
}

describe('a job that would be late on the VM whose turn it is', () => {
  /** A VM that has become so slow since the router looked that a sketch takes 3 s, and a warm Cloud Run. */
  async function slowed() {
    const bench = await workbench();
    const [late] = await dropped(bench, 'sketch');
    const learned = { sketch: { serviceMs: 0, succeeded: 20, failed: 0, learned: steadyService(20) } };
    await bench.beats({ perOperation: learned });
    await bench.beats({ id: 'run-1', kind: 'run' });
    return { bench, late };
  }

  it('is moved to Cloud Run, and the turn goes to the next', async () => {
    const { bench, late } = await slowed();
    const [caption] = await dropped(bench, 'caption');
    const message = bench.take('vm');
    expect(await handleMessage(message, slow(bench, 20))).toMatchObject({
      kind: 'succeeded',
      job: { id: caption?.id },
    });
    expect(await bench.job(late?.id)).toMatchObject({
      state: 'queued',
      attempt: 0,
      route: { target: 'run', reason: 'run_vm_late', epoch: 1 },
    });
    // Whatever message of before the move comes, on whichever side, it is worthless.
    expect(await handleMessage(message, slow(bench, 20))).toMatchObject({ kind: 'dropped', why: 'moved' });
    expect(await handleMessage(message, bench.executor('run-1'))).toMatchObject({
      kind: 'dropped',
      why: 'moved',
    });
    expect(await handleMessage(bench.take('run'), bench.executor('run-1'))).toMatchObject({
      kind: 'succeeded',
      job: { id: late?.id, attempt: 1 },
    });
  });

  it('is judged by this VM alone: that others are idle, or that many wait, is no reason', async () => {
    const { bench, late } = await slowed();
    await bench.beats({ id: 'vm-2', slots: 50 });
    await turn(bench, slow(bench, 20));
    expect((await bench.job(late?.id)).route.target).toBe('run');

    const swift = await workbench({ routing: runOff });
    const jobs = await dropped(swift, ...new Array<string>(40).fill('sketch'));
    swift.ports.settings.routing = async () => routingSettingsSchema.parse({});
    await swift.beats({ id: 'run-1', kind: 'run' });
    for (const _ of jobs) expect(await turn(swift)).toBeDefined();
    expect(swift.ports.queue.messages.run).toHaveLength(0);
  });

  it.each<[string, (bench: Workbench) => unknown]>([
    ['Cloud Run is off', (bench) => bench.ports.settings.changeRouting(runOff, 'ann')],
    [
      'Cloud Run is paused',
      async ({ ports }) => {
        const state = await ports.routerStates.read();
        const until = new Date(ports.clock.now().getTime() + 10_000);
        const breaker = { ...state.breaker, state: 'paused' as const, until };
        await ports.routerStates.replace(state, { ...state, breaker });
      },
    ],
    ['Cloud Run would not be sooner', (bench) => bench.beats({ id: 'run-1', kind: 'run', state: 'stopped' })],
    ['it is late anyway', (bench) => bench.clock.advance(2_000)],
  ])('stays where %s', async (_, happens) => {
    const { bench, late } = await slowed();
    await happens(bench);
    expect(await turn(bench, slow(bench, 20))).toBe(late?.id);
    expect((await bench.job(late?.id)).route).toMatchObject({ target: 'vm', epoch: 0 });
  });

  it('is done here where another was quicker to claim it, or to move it', async () => {
    const { bench, late } = await slowed();
    const message = bench.take('vm');
    const both = [slow(bench, 20), { ...slow(bench, 20), worker: 'vm-2' }];
    await Promise.all(both.map((executor) => handleMessage(message, executor)));
    expect((await bench.job(late?.id)).route).toMatchObject({ target: 'run', epoch: 1 });
    expect(bench.ports.queue.messages.run).toHaveLength(1);
  });

  it('that was moved and not published is published by whoever sweeps', async () => {
    const { bench, late } = await slowed();
    const { publish } = bench.ports.queue;
    bench.ports.queue.publish = () => Promise.reject(new OutageError('Pub/Sub did not answer.'));
    expect(await handleMessage(bench.take('vm'), slow(bench, 20))).toMatchObject({ kind: 'given_back' });
    bench.ports.queue.publish = publish;
    expect(await bench.job(late?.id)).toMatchObject({ publishedAt: null, route: { target: 'run' } });
    const left = await bench.ports.backlog.unpublished(0, 10);
    expect(left.map(({ job }) => job.id)).toEqual([late?.id]);
  });
});

describe('a job that was given back', () => {
  const crashing: Operate = () => Promise.reject(new RetryableError('internal', 'The child crashed.'));

  it('is left to other VMs by the one that failed: an ill one does not use up its attempts at once', async () => {
    const bench = await workbench({ routing: runOff });
    const [first, second] = ids(await dropped(bench, 'sketch', 'sketch')).toSorted();
    expect(await handleMessage(bench.take('vm'), bench.executor('ill', crashing))).toMatchObject({
      failed: { id: first },
    });
    expect(await turn(bench, bench.executor('ill'))).toBe(second);
    expect((await handleNextInLine(bench.executor('ill'))).kind).toBe('nothing_waits');
    expect(await handleNextInLine(bench.executor('well'))).toMatchObject({ job: { id: first } });
  });

  it('is tried again in time by the VM that failed, where there is no other', async () => {
    const bench = await workbench({ routing: runOff });
    await dropped(bench, 'sketch');
    await handleMessage(bench.take('vm'), bench.executor('ill', crashing));
    expect((await handleNextInLine(bench.executor('ill'))).kind).toBe('nothing_waits');
    bench.clock.advance(5_000);
    expect((await handleNextInLine(bench.executor('ill'))).kind).toBe('succeeded');
  });

  it('is done at once by its own message, when that comes again', async () => {
    const bench = await workbench({ routing: runOff });
    await dropped(bench, 'sketch');
    const own = bench.take('vm');
    await handleMessage(own, bench.executor('ill', crashing));
    expect((await handleMessage(own, bench.executor())).kind).toBe('succeeded');
  });

  it('lets others pass where an outage sticks to it alone', async () => {
    const bench = await workbench({ routing: runOff });
    const [first, second] = ids(await dropped(bench, 'sketch', 'sketch')).toSorted();
    const stuck: Operate = () => Promise.reject(new OutageError('Cloud Storage did not answer.'));
    bench.clock.advance(1_000);
    await handleMessage(bench.take('vm'), bench.executor('vm-1', stuck));
    expect((await bench.job(first)).attempt).toBe(0);
    expect(await turn(bench)).toBe(second);
    expect(await handleNextInLine(bench.executor())).toMatchObject({ job: { id: first } });
  });
});

describe('the slots of a worker', () => {
  it('do not run into each other: each write of a claim counts', async () => {
    const bench = await workbench({ routing: runOff });
    // More of them than one reading of the line has jobs.
    const jobs = await dropped(bench, ...new Array<string>(12).fill('sketch'));
    const { replace } = bench.ports.jobs;
    let refused = 0;
    bench.ports.jobs.replace = async (...change) => {
      const written = await replace(...change);
      if (!written) refused++;
      return written;
    };
    const executor = bench.executor();
    const served = await Promise.all(jobs.map(() => handleNextInLine(executor)));
    expect(served.map(({ kind }) => kind)).toEqual(jobs.map(() => 'succeeded'));
    expect(refused).toBe(0);
    expect(executor.line.choose(null)).toEqual(wholeLine);
  });

  it('find within ten seconds what is put before all that they have seen', async () => {
    const bench = await workbench({ routing: runOff });
    const executor = bench.executor();
    const [first] = ids(await dropped(bench, 'caption'));
    expect(await handleNextInLine(executor)).toMatchObject({ job: { id: first } });
    const [old] = await dropped(bench, 'caption');
    const stored = await bench.ports.jobs.get(old?.id ?? '');
    const turnAt = new Date(bench.clock.now().getTime() - 60_000);
    if (stored) await bench.ports.jobs.replace(stored, postponed(stored.job, turnAt));
    expect((await handleNextInLine(executor)).kind).toBe('nothing_waits');
    bench.clock.advance(10_000);
    expect(await handleNextInLine(executor)).toMatchObject({ job: { id: old?.id } });
  });

  it('read far behind late jobs once a second, and not for each of them', async () => {
    const bench = await workbench({ routing: runOff });
    await dropped(bench, ...new Array<string>(100).fill('sketch'));
    bench.clock.advance(5_000);
    const { heads } = bench.ports.backlog;
    let reads = 0;
    bench.ports.backlog.heads = async (...question) => {
      const found = await heads(...question);
      reads += found.length;
      return found;
    };
    const executor = bench.executor();
    const readsOfOne = async () => {
      reads = 0;
      expect((await handleNextInLine(executor)).kind).toBe('succeeded');
      return reads;
    };
    expect(await readsOfOne()).toBe(4 + 16 + 64);
    for (let jobs = 0; jobs < 10; jobs++) expect(await readsOfOne()).toBe(4);
    bench.clock.advance(1_000);
    expect(await readsOfOne()).toBe(4 + 16 + 64);
  });
});

describe('a worker that has lost many races', () => {
  async function contended() {
    const bench = await workbench({ routing: runOff });
    const executor = bench.executor();
    for (let races = 0; races < 200; races++) executor.line.lost();
    return { bench, executor };
  }

  it('does the job that its message names first, where the line is short', async () => {
    const { bench, executor } = await contended();
    const jobs = ids(await dropped(bench, 'sketch', 'caption', 'sketch'));
    for (const id of jobs) expect(await turn(bench, executor)).toBe(id);
  });

  it('leaves to a new message the job that it brings, and takes it when it has waited', async () => {
    const { bench, executor } = await contended();
    // None of the lanes that this seed may deal: the whole line alone shows it.
    const [job] = await dropped(bench, 'sketch');
    executor.line.choose = (named) => (named === null ? { of: 256, numbers: [] } : wholeLine);
    expect((await handleNextInLine(executor)).kind).toBe('nothing_waits');
    bench.clock.advance(999);
    expect((await handleNextInLine(executor)).kind).toBe('nothing_waits');
    bench.clock.advance(1);
    expect(await handleNextInLine(executor)).toMatchObject({ job: { id: job?.id } });
  });

  it('looks elsewhere where others are quicker with all that it sees', async () => {
    const { bench, executor } = await contended();
    await dropped(bench, ...new Array<string>(60).fill('sketch'));
    let looks = 0;
    executor.line.choose = () => ({ of: 4, numbers: [looks++ % 4] });
    const { replace } = bench.ports.jobs;
    let races = 0;
    bench.ports.jobs.replace = async (stored, next) =>
      next.state === 'processing' && races++ < 4 ? null : replace(stored, next);
    expect((await handleNextInLine(executor)).kind).toBe('succeeded');
    expect(looks).toBe(2);
  });
});
