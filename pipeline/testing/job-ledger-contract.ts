import { randomBytes } from 'node:crypto';
import type { Job, JobError, Ledger, Route } from '@spillway/core/job.ts';
import { type Lanes, wholeLine } from '@spillway/core/routing/lanes.ts';
import { noon, sampleJob } from '@spillway/core/testing/sample-job.ts';
import * as transitions from '@spillway/core/transitions.ts';
import { describe, expect, it } from 'vitest';
import type { JobPorts, Stored } from '../ports/jobs.ts';

const newId = () => randomBytes(16).toString('hex');
const year = 366 * 24 * 3_600_000;
let eras = 0;
/** A time of its own for each test: before all others where sums go back, after all others where they go on. */
const earlierThanAll = () => Date.UTC(2000, 0) - ++eras * year;
const laterThanAll = () => Date.UTC(2100, 0) + ++eras * year;

const claim = { worker: 'w', token: 't', expiresAt: new Date(Date.now() + 3_600_000) };
const passing: JobError = { code: 'internal', message: 'It broke.', retryable: true };
const permanent: JobError = { code: 'corrupt_image', message: 'It is broken.', retryable: false };

/** The sums and lines that routing rests on, whatever the store is built on. */
export function jobLedgerContract(name: string, ports: () => JobPorts): void {
  const create = async (changes: Parameters<typeof sampleJob>[0] = {}): Promise<Stored> => {
    const creation = await ports().jobs.create(sampleJob({ id: newId(), ...changes }));
    if (creation.kind !== 'created') throw new Error('It was there already.');
    return creation.stored;
  };
  const change = async (stored: Stored, transition: (job: Job) => Job): Promise<Stored> => {
    const written = await ports().jobs.replace(stored, transition(stored.job));
    if (!written) throw new Error('Somebody changed it.');
    return written;
  };
  /** A job whose route is decided. */
  const decided = async (
    route: Partial<Route>,
    changes: Parameters<typeof sampleJob>[0] = {},
  ): Promise<Stored> =>
    change(await create(changes), (job) => ({
      ...job,
      route: { ...job.route, reason: 'vm_in_time', ...route },
    }));
  const claimed = (stored: Stored) =>
    change(stored, (job) => ({ ...job, state: 'processing', claim, attempt: 1 }));
  /** The work from which the turn is told, and the ledger of that turn beside it. */
  const ownerAheadMs = async (stored: Stored): Promise<number> => {
    const turnAfter = (ms: number) => new Date(stored.job.deadlineAt.getTime() + ms);
    const { turnAt, ledger } = await ports().sums.ledgerInTurn(stored, turnAfter);
    expect(ledger).toEqual(await ports().sums.ledger(stored, turnAt));
    return turnAt.getTime() - stored.job.deadlineAt.getTime();
  };
  const cancelled = (stored: Stored) => change(stored, (job) => transitions.cancelled(job, noon));

  describe(`ledger: ${name}`, () => {
    it('counts on the VMs what waits with an earlier turn, and what is claimed whatever its turn', async () => {
      const turn = earlierThanAll();
      const at = (ms: number) => ({ target: 'vm', turnAt: new Date(turn + ms) }) as const;
      const before = await ports().sums.ledger(await create(), new Date(turn - 10));
      await decided({ ...at(-600), workMs: 1 });
      await decided({ ...at(600), workMs: 100 });
      await claimed(await decided({ ...at(5_000), workMs: 1_000 }));
      await cancelled(await decided({ ...at(-600), workMs: 10_000 }));
      await decided({ ...at(-600), target: 'run', workMs: 100_000 });
      const own = await create({ workMs: 1_000_000 });
      await decided({ ...at(-600), workMs: 10 });
      const { vm } = await ports().sums.ledger(own, new Date(turn));
      expect(vm.ahead).toEqual({ jobs: 2, workMs: 11 });
      expect(vm.running).toEqual(plus(before.vm.running, 1_000));
    });

    it('goes, where turns are much the same, by who was created first', async () => {
      const turn = earlierThanAll();
      const at = (ms: number) => ({ target: 'vm', turnAt: new Date(turn + ms) }) as const;
      await decided({ ...at(500), workMs: 1 });
      const own = await create();
      await decided({ ...at(-500), workMs: 10 });
      await decided({ ...at(-501), workMs: 100 });
      expect((await ports().sums.ledger(own, new Date(turn))).vm.ahead).toEqual({ jobs: 2, workMs: 101 });
    });

    it('counts on Cloud Run what is open and was created before, waiting or claimed', async () => {
      const before = await ports().sums.ledger(await create(), noon);
      await decided({ target: 'run', workMs: 1 });
      await claimed(await decided({ target: 'run', workMs: 10 }));
      await cancelled(await decided({ target: 'run', workMs: 100 }));
      await decided({ target: 'vm', workMs: 1_000 });
      const own = await create();
      await decided({ target: 'run', workMs: 10_000 });
      const { run } = await ports().sums.ledger(own, noon);
      expect(run).toEqual(plus(plus(before.run, 1), 10));
    });

    it.each(['reserved', 'waiting on the VMs', 'claimed there', 'waiting on Cloud Run', 'claimed there too'])(
      'leaves the job itself out, be it %s',
      async (kind) => {
        const turn = earlierThanAll();
        const place = { turnAt: new Date(turn), workMs: 500 };
        const ledgerOf = (stored: Stored) => ports().sums.ledger(stored, new Date(turn + 1));
        const before = await ledgerOf(await create());
        const put = async (): Promise<Stored> => {
          switch (kind) {
            case 'reserved':
              return decided({ ...place, reason: 'reserved' });
            case 'waiting on the VMs':
              return decided(place);
            case 'claimed there':
              return claimed(await decided(place));
            case 'waiting on Cloud Run':
              return decided({ ...place, target: 'run' });
            default:
              return claimed(await decided({ ...place, target: 'run' }));
          }
        };
        expect(await ledgerOf(await put())).toEqual(before);
      },
    );

    it('shows a job that is decided anew what stands before its new turn, and not itself at the old one', async () => {
      const turn = earlierThanAll();
      const own = await decided({ turnAt: new Date(turn), workMs: 500 });
      await decided({ turnAt: new Date(turn + 1_000), workMs: 7 });
      expect((await ports().sums.ledger(own, new Date(turn + 2_000))).vm.ahead).toEqual({
        jobs: 1,
        workMs: 7,
      });
      expect((await ports().sums.ledger(own, new Date(turn - 2_000))).vm.ahead).toEqual({
        jobs: 0,
        workMs: 0,
      });
    });

    it('lets of two jobs that are counted at once at least one see the other', async () => {
      const turn = earlierThanAll();
      // A reservation waits for its deadline's turn from the moment at which it is created.
      const reserve = () => create({ clockStartsAt: new Date(turn - 2_000), objectiveMs: 2_000, workMs: 1 });
      const counts = await Promise.all(
        Array.from(
          { length: 6 },
          async () => (await ports().sums.ledger(await reserve(), new Date(turn))).vm.ahead.jobs,
        ),
      );
      // Whatever the order, the k-th to be counted sees at least k-1 others.
      for (const [index, others] of counts.toSorted((a, b) => a - b).entries()) {
        expect(others).toBeGreaterThanOrEqual(index);
      }
    });

    it('says how much work an owner has on the VMs with no later deadline', async () => {
      const owner = newId();
      const due = (objectiveMs: number, workMs: number) => ({ owner, objectiveMs, workMs });
      expect(await ownerAheadMs(await create(due(1_000, 0)))).toBe(0);
      await create(due(4_000, 1));
      await create(due(5_000, 10));
      await claimed(await create(due(3_000, 100)));
      await create(due(5_501, 1_000));
      await cancelled(await create(due(3_000, 2_000)));
      await decided({ target: 'run' }, due(3_000, 3_000));
      await create({ ...due(3_000, 4_000), owner: newId() });
      await create({ ...due(3_000, 5_000), owner: null });
      const own = await create(due(5_000, 1_000_000));
      await create(due(3_000, 2_000_000));
      expect(await ownerAheadMs(own)).toBe(111);
      // To one that comes now, the job itself and the one after it are ahead as well.
      expect(await ports().sums.ownerOpen(owner, own.job.deadlineAt)).toBe(3_000_111);
      expect(await ports().sums.ownerOpen(newId(), own.job.deadlineAt)).toBe(0);
    });

    it('takes all who are nobody for one owner', async () => {
      const nobodys = { owner: null, clockStartsAt: new Date(earlierThanAll()) };
      await create({ ...nobodys, workMs: 40 });
      expect(await ownerAheadMs(await create(nobodys))).toBe(40);
    });
  });

  describe(`lines: ${name}`, () => {
    it('of the VMs are in the order of turns, then of ids, with what is only reserved', async () => {
      const turn = earlierThanAll();
      const era = eras;
      const id = (first: string) => `${first}${String(era).padStart(3, '0')}${newId()}`.slice(0, 32);
      const at = (ms: number) => ({ turnAt: new Date(turn + ms) });
      const third = await decided(at(3_000));
      const tied = [id('b'), id('a')];
      for (const one of tied) await decided(at(2_000), { id: one });
      const first = await decided({ ...at(1_000), reason: 'reserved' });
      await claimed(await decided(at(500)));
      await cancelled(await decided(at(500)));
      await decided({ ...at(500), target: 'run' });
      const line = await ports().backlog.line('vm', 4);
      expect(line.map(({ job }) => job.id)).toEqual([first.job.id, ...tied.toSorted(), third.job.id]);
      expect((await ports().backlog.line('vm', 1)).map(({ job }) => job.id)).toEqual([first.job.id]);
      const behind = await ports().backlog.line('vm', 2, line[1]);
      expect(behind.map(({ job }) => job.id)).toEqual([tied.toSorted()[1], third.job.id]);
      // What was read can be claimed as it was read.
      expect(
        await ports().jobs.replace(line[0] ?? first, { ...first.job, state: 'processing', claim }),
      ).not.toBeNull();
    });

    it('of the VMs have lanes, with what may be taken there and nothing else', async () => {
      const turn = earlierThanAll();
      const at = (ms: number) => ({ turnAt: new Date(turn + ms) });
      const inLane = (lane: string) => ({ id: `${newId().slice(0, 30)}${lane}` });
      const heads = async (lanes: Lanes, limit: number, fromMs?: number) => {
        const from = fromMs === undefined ? null : new Date(turn + fromMs);
        return (await ports().backlog.heads(lanes, limit, from)).map(({ job }) => job.id);
      };
      const third = (await decided(at(3_000), inLane('a3'))).job.id;
      const second = (await decided(at(2_000), inLane('17'))).job.id;
      const given = await decided(at(1_000), inLane('a7'));
      const first = given.job.id;
      await decided({ ...at(500), reason: 'reserved' }, inLane('a7'));
      await cancelled(await decided(at(500), inLane('a7')));
      await decided({ ...at(500), target: 'run' }, inLane('a7'));
      const busy = await claimed(await decided(at(500), inLane('a7')));
      expect(await heads(wholeLine, 3)).toEqual([first, second, third]);
      expect(await heads(wholeLine, 2)).toEqual([first, second]);
      expect(await heads({ of: 16, numbers: [7] }, 2)).toEqual([first, second]);
      expect((await heads({ of: 16, numbers: [3] }, 4))[0]).toBe(third);
      expect(await heads({ of: 16, numbers: [3, 7] }, 3)).toEqual([first, second, third]);
      expect((await heads({ of: 256, numbers: [0x17] }, 4))[0]).toBe(second);
      expect(await heads({ of: 4, numbers: [3] }, 2, 2_000)).toEqual([second, third]);
      expect((await heads({ of: 4, numbers: [0, 1, 2] }, 4)).filter((id) => id === first)).toEqual([]);
      // A job that is given back is there again; what was read can be claimed as it was read.
      await change(busy, (job) =>
        transitions.attemptFailed(job, { code: 'internal', signature: null }, 'w', noon),
      );
      const [again] = await ports().backlog.heads({ of: 16, numbers: [7] }, 1);
      expect(again?.job.id).toBe(busy.job.id);
      await claimed(again ?? busy);
      expect(await heads(wholeLine, 1)).toEqual([first]);
      await claimed(given);
      expect(await heads(wholeLine, 1)).toEqual([second]);
    });

    it('of Cloud Run are in the order of publishing, without what is not published', async () => {
      const start = earlierThanAll();
      const publishedAt = (ms: number) => async () =>
        change(await decided({ target: 'run', turnAt: new Date(0) }), (job) =>
          transitions.published(job, new Date(start + ms)),
        );
      const third = await publishedAt(3_000)();
      const first = await publishedAt(1_000)();
      const second = await publishedAt(2_000)();
      await claimed(await publishedAt(500)());
      await change(await decided({ target: 'vm' }), (job) => transitions.published(job, new Date(start)));
      const unpublished = await decided({ target: 'run' });
      const ids = (await ports().backlog.line('run', 1_000)).map(({ job }) => job.id);
      expect(ids.slice(0, 3)).toEqual([first, second, third].map(({ job }) => job.id));
      expect(ids).not.toContain(unpublished.job.id);
      const two = await ports().backlog.line('run', 2);
      expect(two).toHaveLength(2);
      expect((await ports().backlog.line('run', 1, two[1])).map(({ job }) => job.id)).toEqual([third.job.id]);
    });

    it.each(['vm', 'run'] as const)(
      'begin on %s with whoever waits there for the longest time',
      async (target) => {
        const oldest = async () => (await ports().backlog.oldestWaiting(target))?.job.id;
        const isOld = (stored: Stored | null): stored is Stored => stored !== null;
        // Jobs of other tests go first.
        for (let left = await ports().backlog.oldestWaiting(target); isOld(left); ) {
          await cancelled(left);
          left = await ports().backlog.oldestWaiting(target);
        }
        const first = await decided({ target });
        const second = await decided({ target });
        await decided({ target: target === 'vm' ? 'run' : 'vm' });
        expect(await oldest()).toBe(first.job.id);
        await claimed(first);
        expect(await oldest()).toBe(second.job.id);
        await cancelled(second);
        expect(await oldest()).toBeUndefined();
      },
    );

    it('leave what is claimed to its sum', async () => {
      const before = await ports().sums.running();
      await claimed(await decided({ target: 'vm', workMs: 3 }));
      await claimed(await decided({ target: 'run', workMs: 40 }));
      await decided({ target: 'vm', workMs: 500 });
      const expected = { vm: plus(before.vm, 3), run: plus(before.run, 40) };
      expect(await ports().sums.running()).toEqual(expected);
    });
  });

  describe(`offered work: ${name}`, () => {
    it('is what waits on a side with an earlier turn', async () => {
      const turn = earlierThanAll();
      const at = (target: 'vm' | 'run', ms: number) => ({ target, turnAt: new Date(turn + ms) }) as const;
      const before = await ports().sums.waitingBefore('vm', new Date(turn));
      const beforeOnRun = await ports().sums.waitingBefore('run', new Date(turn));
      await decided({ ...at('vm', -1), workMs: 1 });
      await decided({ ...at('vm', 0), workMs: 10 });
      await claimed(await decided({ ...at('vm', -1), workMs: 100 }));
      await change(await decided({ ...at('run', -2), workMs: 1_000 }), (job) =>
        transitions.published(job, new Date(turn)),
      );
      expect(await ports().sums.waitingBefore('vm', new Date(turn))).toEqual(plus(before, 1));
      expect(await ports().sums.waitingBefore('run', new Date(turn))).toEqual(plus(beforeOnRun, 1_000));
    });

    it('is what arrived, as work on a VM, whatever became of it', async () => {
      const before = await ports().sums.arrivedSince(new Date(0));
      await decided({ target: 'run', workMs: 100 }, { workMs: 1 });
      await cancelled(await create({ workMs: 10 }));
      const expected = plus(plus(before, 1), 10);
      expect(await ports().sums.arrivedSince(new Date(0))).toEqual(expected);
      const tomorrow = new Date(Date.now() + 24 * 3_600_000);
      expect(await ports().sums.arrivedSince(tomorrow)).toEqual({ jobs: 0, workMs: 0 });
    });

    it('is what arrived of one operation within a time, its end excluded', async () => {
      const tomorrow = new Date(Date.now() + 24 * 3_600_000);
      const all = () => ports().sums.arrivedOf('caption', new Date(0), tomorrow);
      const before = await all();
      const { job } = await create({ operation: 'caption', workMs: 10 });
      await create({ operation: 'sketch', workMs: 100 });
      expect(await all()).toEqual(plus(before, 10));
      const { createdAt } = job;
      // Each job is in one of two times that follow each other.
      const [earlier, later] = [
        await ports().sums.arrivedOf('caption', new Date(0), createdAt),
        await ports().sums.arrivedOf('caption', createdAt, tomorrow),
      ];
      const both = { jobs: earlier.jobs + later.jobs, workMs: earlier.workMs + later.workMs };
      expect(both).toEqual(plus(before, 10));
      expect(await ports().sums.arrivedOf('caption', createdAt, createdAt)).toEqual({ jobs: 0, workMs: 0 });
    });
  });

  describe(`what has been: ${name}`, () => {
    it('ended on a side since a time: well, or for a reason that may lie in the place', async () => {
      const since = laterThanAll();
      const end =
        (ms: number, target: 'vm' | 'run', ending: 'succeeded' | 'cancelled' | JobError) => async () =>
          change(await decided({ target }), (job) => {
            const at = new Date(since + ms);
            if (typeof ending === 'object') return transitions.failed(job, ending, at);
            return { ...transitions.cancelled(job, at), state: ending };
          });
      for (const ended of [
        end(0, 'run', 'succeeded'),
        end(10, 'run', 'succeeded'),
        end(20, 'run', passing),
        end(10, 'run', passing),
        end(10, 'run', permanent),
        end(10, 'run', 'cancelled'),
        end(-1, 'run', 'succeeded'),
        end(-1, 'run', passing),
        end(10, 'vm', passing),
      ]) {
        await ended();
      }
      const ended = async (target: 'vm' | 'run', ms = 0) => {
        const from = new Date(since + ms);
        const failed = await ports().sums.failedSince(target, from, 10);
        return { succeeded: await ports().sums.succeededSince(target, from), failed: failed.map(endedAt) };
      };
      const endedAt = (job: Job) => (job.endedAt?.getTime() ?? 0) - since;
      expect(await ended('run')).toEqual({ succeeded: 2, failed: [10, 20] });
      const within = (from: number, until: number) =>
        ports().sums.endedWithin(new Date(since + from), new Date(since + until));
      expect(await within(10, 20)).toEqual({ succeeded: 1, failed: 3, cancelled: 1, superseded: 0 });
      expect(await within(-1, 10)).toMatchObject({ succeeded: 2, failed: 1 });
      expect(await ended('vm')).toEqual({ succeeded: 0, failed: [10] });
      expect(await ended('run', 11)).toEqual({ succeeded: 0, failed: [20] });
      expect((await ports().sums.failedSince('run', new Date(since), 1)).map(endedAt)).toEqual([10]);
      expect(await ports().sums.failedSince('run', new Date(since), 10)).toMatchObject([
        { owner: null, error: passing },
        { owner: null, error: passing },
      ]);
    });

    it('spent on Cloud Run by decisions after a time, until another, whatever became of the jobs', async () => {
      const since = laterThanAll();
      const at = (ms: number) => ({ target: 'run', at: new Date(since + ms) }) as const;
      const spent = (after: number, until: number) =>
        ports().sums.runDollars(new Date(since + after), new Date(since + until));
      expect(await spent(-1, 1_000)).toBe(0);
      await decided({ ...at(0), dollars: 0.25 });
      await cancelled(await decided({ ...at(10), dollars: 0.5 }));
      await decided({ ...at(-1), dollars: 4 });
      await decided({ ...at(10), target: 'vm', dollars: 8 });
      expect(await spent(-1, 1_000)).toBe(0.75);
      expect(await spent(-1, 10)).toBe(0.75);
      expect(await spent(-1, 9)).toBe(0.25);
      expect(await spent(0, 10)).toBe(0.5);
      expect(await spent(10, 1_000)).toBe(0);
    });

    it('created in a batch before a job with its operation, ended or not', async () => {
      const batch = newId();
      const first = await create({ batch });
      await cancelled(first);
      await create({ batch: newId() });
      await create({ batch: null });
      await create({ batch, operation: 'caption' });
      const second = await create({ batch });
      const third = await create({ batch });
      expect(await ports().sums.batchBefore(first)).toBe(0);
      expect(await ports().sums.batchBefore(second)).toBe(1);
      expect(await ports().sums.batchBefore(third)).toBe(2);
    });
  });
}

function plus({ jobs, workMs }: Ledger['run'], more: number): Ledger['run'] {
  return { jobs: jobs + 1, workMs: workMs + more };
}
