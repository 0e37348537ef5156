import { randomBytes } from 'node:crypto';
import { InvalidCursorError, RefusedError } from '@spillway/core/errors.ts';
import type { Job } from '@spillway/core/job.ts';
import type { JobFilter } from '@spillway/core/job-filter.ts';
import { readNameSearch } from '@spillway/core/job-search.ts';
import type { Awaitable } from '@spillway/core/steps.ts';
import { newSampleJob, noon, sampleJob } from '@spillway/core/testing/sample-job.ts';
import * as transitions from '@spillway/core/transitions.ts';
import { describe, expect, it } from 'vitest';
import type { JobChange, JobPage, JobPorts, Stored } from '../ports/jobs.ts';

const soon = () => new Date(Date.now() + 60_000);
const justNow = () => new Date(Date.now() - 60_000);
const newId = () => randomBytes(16).toString('hex');
/** A fresh owner keeps what one test wrote out of another's lists. */
const newOwner = () => newId();

const nested = (levels: number): Record<string, unknown> =>
  levels === 0 ? { end: 1 } : { in: nested(levels - 1) };

/** What every job store must do, whatever it is built on. */
export function jobStoreContract(name: string, ports: () => JobPorts): void {
  const create = async (changes: Parameters<typeof sampleJob>[0] = {}): Promise<Stored> => {
    const creation = await ports().jobs.create(sampleJob({ id: newId(), ...changes }));
    if (creation.kind !== 'created') throw new Error('It was there already.');
    return creation.stored;
  };
  const createDeferred = async (changes: Partial<transitions.NewJob> = {}): Promise<Stored> => {
    const job = transitions.deferred({ ...newSampleJob(), id: newId(), ...changes }, noon);
    return (await ports().jobs.create(job)).stored;
  };
  const replace = async (stored: Stored, next: Job): Promise<Stored> => {
    const written = await ports().jobs.replace(stored, next);
    if (!written) throw new Error('Somebody changed it.');
    return written;
  };

  describe(`job store: ${name}`, () => {
    it('gives back what was written, with a creation time of its own clock', async () => {
      const stored = await create({ owner: 'ann', options: { blur: 15, format: 'webp' } });
      const read = await ports().jobs.get(stored.job.id);
      expect(read?.job).toEqual({ ...stored.job, createdAt: read?.job.createdAt });
      expect(Math.abs((read?.job.createdAt.getTime() ?? 0) - Date.now())).toBeLessThan(60_000);
      expect(await ports().jobs.get(newId())).toBeNull();
    });

    it('creates a job once, whoever tries at the same time', async () => {
      const id = newId();
      const tries = Array.from({ length: 10 }, (_, index) =>
        ports().jobs.create(sampleJob({ id, reservation: `router-${index}` })),
      );
      const creations = await Promise.all(tries);
      expect(creations.filter(({ kind }) => kind === 'created')).toHaveLength(1);
      const reservations = new Set(creations.map(({ stored }) => stored.job.reservation));
      expect(reservations.size).toBe(1);
    });

    it('replaces a document only as it was read', async () => {
      const stored = await create();
      const claims = ['a', 'b', 'c', 'd'].map((token) => {
        const claim = { worker: token, token, expiresAt: soon() };
        const outcome = transitions.claimed(stored.job, 0, claim, 3, noon);
        if (outcome.kind !== 'claimed') throw new Error(outcome.kind);
        return ports().jobs.replace(stored, outcome.job);
      });
      const winners = (await Promise.all(claims)).filter((written) => written !== null);
      expect(winners).toHaveLength(1);
      expect((await ports().jobs.get(stored.job.id))?.job.claim).toEqual(winners[0]?.job.claim);
    });

    it('raises the revision with every replacement, and with nothing else', async () => {
      const stored = await create();
      expect(stored.job.revision).toBe(0);
      const published = await replace(stored, transitions.published(stored.job, noon));
      const again = await replace(published, { ...published.job, revision: 0 });
      expect([published.job.revision, again.job.revision]).toEqual([1, 2]);
      expect(await ports().jobs.replace(published, transitions.cancelled(published.job, noon))).toBeNull();
      expect((await ports().jobs.get(stored.job.id))?.job.revision).toBe(2);
    });

    it('goes on from what a replacement returned', async () => {
      const stored = await create();
      const published = await replace(stored, transitions.published(stored.job, noon));
      await replace(published, transitions.cancelled(published.job, noon));
      expect(await ports().jobs.replace(published, transitions.published(published.job, soon()))).toBeNull();
    });

    it('does not replace what is not there', async () => {
      const stored = await create();
      expect(
        await ports().jobs.replace(
          { ...stored, job: { ...stored.job, id: newId() } },
          sampleJob({ id: newId() }),
        ),
      ).toBeNull();
    });

    it.each<[string, Parameters<typeof sampleJob>[0]]>([
      ['an id that Firestore keeps for itself', { id: '__proto__' }],
      ['an id of several segments', { id: 'a/b/c' }],
      ['a lone surrogate', { batch: 'holidays \ud83d' }],
      ['NUL', { upload: 'a\0b' }],
      ['more bytes than an index takes', { batch: 'b'.repeat(1_500) }],
      ['more bytes than an index takes, in fewer characters', { owner: '猫'.repeat(500) }],
      ['a lone surrogate in its options', { options: { prompt: '\udc00' } }],
      ['undefined', { options: { prompt: undefined } }],
      ['a key that Firestore keeps for itself', { options: { __x__: 1 } }],
      ['an empty key', { options: { '': 1 } }],
      ['a list in a list', { options: { list: [[1]] } }],
      ['more levels than Firestore has', { options: nested(21) }],
      ['a mebibyte', { options: { text: 'x'.repeat(1_048_576) } }],
      ['a number that makes every sum none', { batchSize: Number.NaN }],
      ['a time beyond the year 9999', { clockStartsAt: new Date('+010000-01-01T00:00:00Z') }],
    ])('refuses a job with %s, and writes nothing', async (_, changes) => {
      const job = sampleJob({ id: newId(), ...changes });
      await expect(ports().jobs.create(job)).rejects.toThrow(RefusedError);
      expect(await ports().jobs.get(job.id)).toBeNull();
      const stored = await create();
      const changed = { ...sampleJob(changes), id: changes?.id ?? stored.job.id };
      await expect(ports().jobs.replace(stored, changed)).rejects.toThrow(RefusedError);
      expect((await ports().jobs.get(stored.job.id))?.updatedAt).toEqual(stored.updatedAt);
    });

    it('holds the longest text that is found again, and longer text where nobody looks for it', async () => {
      const batch = '猫'.repeat(499);
      const options = { prompt: 'x'.repeat(10_000), nested: nested(18) };
      const stored = await create({ batch, options });
      expect((await ports().feed.find({ batch }, 10, null)).jobs.map(({ id }) => id)).toContain(
        stored.job.id,
      );
      expect((await ports().jobs.get(stored.job.id))?.job.options).toEqual(options);
    });

    it.each(['__proto__', '..', 'a/b', 'a/b/c', '', '\ud800', 'a\0', 'x'.repeat(1_501)])(
      'has no job with the id %j',
      async (id) => {
        expect(await ports().jobs.get(id)).toBeNull();
      },
    );

    it.each(['\ud800', 'a\0b', 'x'.repeat(1_500)])('finds nothing by the text %j', async (text) => {
      expect(await ports().feed.find({ batch: text }, 10, null)).toEqual({ jobs: [], cursor: null });
      expect(await ports().jobs.ofSource({ bucket: 'uploads', name: text, generation: '1' })).toEqual([]);
      const told: JobChange[][] = [];
      const watch = ports().feed.watch(
        { upload: text },
        10,
        (changes) => told.push(changes),
        (error) => expect.fail(String(error)),
      );
      await expect.poll(() => told).toEqual([[]]);
      watch.stop();
    });

    it.each([
      'tampered',
      '1.1.__x__',
      '999999999999.0.a',
      '1.999999999999.a',
      '\ud800',
      '1.1.a/b',
      '1.0.',
      '',
    ])('refuses the cursor %j, which no page has given', async (cursor) => {
      const page = async () => ports().feed.find({ owner: newOwner() }, 3, cursor);
      await expect(page()).rejects.toThrow(InvalidCursorError);
    });

    it('counts open jobs by state and side', async () => {
      const before = await ports().feed.countOpen();
      await create();
      const after = await ports().feed.countOpen();
      expect(after.vm.queued).toBe(before.vm.queued + 1);
      expect(after.run).toEqual(before.run);
    });

    it('finds the newest first, page by page, without the deleted', async () => {
      const owner = newOwner();
      const ids: string[] = [];
      for (let index = 0; index < 5; index++) ids.unshift((await create({ owner })).job.id);
      const deleted = await create({ owner });
      await replace(deleted, transitions.tombstone(deleted.job, noon));
      await create({ owner: newOwner() });
      const first = await ports().feed.find({ owner }, 3, null);
      const second = await ports().feed.find({ owner }, 3, first.cursor);
      expect(first.cursor).not.toBeNull();
      expect(second.cursor).toBeNull();
      expect([...first.jobs, ...second.jobs].map(({ id }) => id).sort()).toEqual(ids.sort());
      expect(second.jobs).toHaveLength(2);
    });

    it('finds by upload, batch, operation, state and side', async () => {
      const owner = newOwner();
      const wanted = await create({ owner, upload: 'u1', batch: 'b1' });
      await create({ owner, upload: 'u2', batch: 'b2', operation: 'other' });
      for (const filter of [{ upload: 'u1' }, { batch: 'b1' }, { operation: 'sketch' }]) {
        const { jobs: found } = await ports().feed.find({ owner, ...filter }, 10, null);
        expect(found.map(({ id }) => id)).toEqual([wanted.job.id]);
      }
      const queuedOnVm = await ports().feed.find({ owner, state: 'queued', target: 'vm' }, 10, null);
      expect(queuedOnVm.jobs).toHaveLength(2);
      expect((await ports().feed.find({ owner, state: 'failed' }, 10, null)).jobs).toHaveLength(0);
    });

    /** Five jobs of one owner that differ in all that an admin looks for. */
    async function differing() {
      const owner = newOwner();
      const source = (name: string) => ({ ...sampleJob().source, name });
      const claim = { worker: `vm-${owner}`, token: 't', expiresAt: noon };
      const end = (job: Job, ms: number) =>
        transitions.failed(
          { ...job, claim },
          { code: 'corrupt_image', message: 'It is damaged.', retryable: false },
          new Date(job.source.timeCreated.getTime() + ms),
        );
      const plain = await create({ owner, source: source('sketch/Cat-Small.jpg') });
      const bulk = await create({ owner, class: 'bulk', source: source('sketch/dog.jpg') });
      const ruled = await create({ owner, rulePrefix: 'doors/', source: source('doors/1/cat.png') });
      const quick = await create({ owner, source: source('sketch/catalogue.jpg') });
      await replace(quick, end(quick.job, 3_000));
      const slow = await create({ owner, source: source('sketch/IMG_20260101_120000.jpg') });
      await replace(slow, end(slow.job, 400_000));
      const names = new Map(
        Object.entries({ plain, bulk, ruled, quick, slow }).map(([name, { job }]) => [job.id, name]),
      );
      const found = async (filter: JobFilter) => {
        const { jobs } = await ports().feed.find({ owner, ...filter }, 10, null);
        const count = await ports().feed.count({ owner, ...filter }, 10);
        expect(count.jobs).toBeGreaterThanOrEqual(jobs.length);
        if (count.exact === 'exactly') expect(count.jobs).toBe(jobs.length);
        return jobs.map(({ id }) => names.get(id)).sort();
      };
      return { owner, found, worker: claim.worker, slow };
    }

    it('finds and counts by class, cause, worker, source and duration', async () => {
      const { found, worker } = await differing();
      expect(await found({ class: 'bulk' })).toEqual(['bulk']);
      expect(await found({ errorCode: 'corrupt_image' })).toEqual(['quick', 'slow']);
      expect(await found({ errorCode: 'poison' })).toEqual([]);
      expect(await found({ worker })).toEqual(['quick', 'slow']);
      expect(await found({ reason: 'reserved', state: 'queued' })).toEqual(['bulk', 'plain', 'ruled']);
      expect(await found({ source: 'uploads/doors/' })).toEqual(['ruled']);
      expect(await found({ source: 'uploads/sketch/', errorCode: 'corrupt_image' })).toEqual([
        'quick',
        'slow',
      ]);
      expect(await found({ atLeastMs: 300_000 })).toEqual(['slow']);
      expect(await found({ belowMs: 5_000, worker })).toEqual(['quick']);
      expect(await found({ atLeastMs: 2_000, belowMs: 600_000 })).toEqual(['quick', 'slow']);
      expect(await found({ atLeastMs: 3_600_000, belowMs: 1_000 })).toEqual([]);
    });

    it('finds by words of a file name and by its beginning, in any case', async () => {
      const { found } = await differing();
      const named = (text: string) => found({ name: readNameSearch(text) ?? expect.fail(text) });
      expect(await named('cat')).toEqual(['plain', 'ruled']);
      expect(await named('SMALL cat')).toEqual(['plain']);
      expect(await named('cat*')).toEqual(['plain', 'quick', 'ruled']);
      expect(await named('cat-*')).toEqual(['plain']);
      expect(await named('catalogue.j*')).toEqual(['quick']);
      expect(await named('img_20260101_1300*')).toEqual([]);
      expect(await named('img_20260101_12*')).toEqual(['slow']);
      expect(await named('120000')).toEqual(['slow']);
    });

    it('leads on past files whose names only begin in the same way', async () => {
      const owner = newOwner();
      const made = new Set<string>();
      for (let index = 0; index < 9; index++) {
        const name = `sketch/${index % 3 === 0 ? 'holiday-a' : 'holiday-b'}.jpg`;
        const { job } = await create({ owner, source: { ...sampleJob().source, name } });
        if (index % 3 === 0) made.add(job.id);
      }
      const name = { kind: 'prefix', prefix: 'holiday-a' } as const;
      const seen: string[] = [];
      let cursor: string | null = null;
      do {
        const page: JobPage = await ports().feed.find({ owner, name }, 2, cursor);
        seen.push(...page.jobs.map(({ id }) => id));
        ({ cursor } = page);
      } while (cursor !== null);
      expect(new Set(seen)).toEqual(made);
      expect(seen).toHaveLength(3);
    });

    it('finds and counts what was created within a time, and no deleted job', async () => {
      const { owner, found, slow } = await differing();
      const at = (await ports().jobs.get(slow.job.id))?.job.createdAt ?? noon;
      const day = 86_400_000;
      expect(await found({ from: new Date(at.getTime() - day) })).toHaveLength(5);
      expect(await found({ from: new Date(at.getTime() + day) })).toEqual([]);
      expect(await found({ to: new Date(at.getTime() + day), errorCode: 'corrupt_image' })).toHaveLength(2);
      expect(await found({ to: new Date(at.getTime() - day) })).toEqual([]);
      const stored = await ports().jobs.get(slow.job.id);
      if (stored) await replace(stored, transitions.tombstone(stored.job, noon));
      expect(await found({ errorCode: 'corrupt_image' })).toEqual(['quick']);
      expect(await ports().feed.count({ owner }, 3)).toEqual({ jobs: 3, exact: 'more_than' });
      expect(await ports().feed.count({ owner }, 4)).toEqual({ jobs: 4, exact: 'exactly' });
    });

    it('tells when a cause was first seen', async () => {
      const { feed } = ports();
      await differing();
      const first = await feed.firstFailed('corrupt_image', new Date(0));
      expect(first).toBeInstanceOf(Date);
      expect(await feed.firstFailed('corrupt_image', new Date('9000-01-01T00:00:00Z'))).toBeNull();
    });

    it('finds all jobs of one generation of an object', async () => {
      const source = { ...sampleJob().source, name: `sketch/${newId()}.jpg` };
      const one = await create({ source });
      const two = await create({ source });
      await create({ source: { ...source, generation: '2' } });
      const found = await ports().jobs.ofSource(source);
      expect(found.map(({ job }) => job.id).sort()).toEqual([one.job.id, two.job.id].sort());
    });

    it('says which of many jobs are there, deleted ones included', async () => {
      const kept = await create();
      const deleted = await create();
      const cancelled = transitions.cancelled(deleted.job, justNow());
      await replace(deleted, transitions.tombstone(cancelled, justNow()));
      const nobodys = Array.from({ length: 700 }, () => newId());
      const ids = [kept.job.id, ...nobodys, deleted.job.id, kept.job.id, '', 'a/b', '__x__'];
      expect(await ports().jobs.existing(ids)).toEqual(new Set([kept.job.id, deleted.job.id]));
      expect(await ports().jobs.existing([])).toEqual(new Set());
    });

    it('lists what the sweep looks for, each job in its list alone', async () => {
      const unpublished = await create();
      const deferred = await createDeferred();
      const waiting = await create();
      await replace(waiting, transitions.published(waiting.job, justNow()));
      const abandoned = await create();
      const claim = { worker: 'w', token: 't', expiresAt: justNow() };
      const claimed = transitions.claimed(abandoned.job, 0, claim, 3, new Date(0));
      if (claimed.kind !== 'claimed') throw new Error(claimed.kind);
      await replace(abandoned, claimed.job);
      const outboxes = await create();
      await replace(outboxes, transitions.cancelled(outboxes.job, justNow()));
      const followed = await create();
      const cancelled = transitions.cancelled(followed.job, justNow());
      await replace(followed, transitions.followed(cancelled, ['event'], noon));

      const mine = new Map(
        Object.entries({ unpublished, deferred, waiting, abandoned, outboxes, followed }).map(
          ([kind, stored]) => [stored.job.id, kind],
        ),
      );
      const kinds = (list: Stored[]) => list.flatMap(({ job }) => mine.get(job.id) ?? []);
      expect(kinds(await ports().backlog.deferred(1_000))).toEqual(['deferred']);
      expect(kinds(await ports().backlog.unpublished(0, 1_000))).toEqual(['unpublished']);
      expect(kinds(await ports().backlog.published(0, 1_000))).toEqual(['waiting']);
      expect(kinds(await ports().backlog.abandoned(1_000))).toEqual(['abandoned']);
      expect(kinds(await ports().backlog.outboxes(0, 1_000))).toEqual(['outboxes']);
      const hour = 3_600_000;
      expect(await ports().backlog.unpublished(hour, 10)).toEqual([]);
    });

    it('lists a deferred job until it is decided, and then as any other', async () => {
      const deferred = await createDeferred();
      const { backlog, sums } = ports();
      const isIn = async (list: Awaitable<Stored[]>) =>
        (await list).some(({ job }) => job.id === deferred.job.id);
      const read = await ports().jobs.get(deferred.job.id);
      expect(read?.job).toEqual({ ...deferred.job, createdAt: read?.job.createdAt });
      expect(await isIn(backlog.line('vm', 1_000))).toBe(false);
      const { turnAt: _, ...route } = deferred.job.route;
      const before = await sums.waitingBefore('vm', soon());
      const choice = { ...route, turnAt: noon, reason: 'vm_in_time' as const };
      const decided = await replace(deferred, transitions.routed(deferred.job, choice, noon));
      expect(await isIn(backlog.deferred(1_000))).toBe(false);
      expect(await isIn(backlog.unpublished(0, 1_000))).toBe(true);
      expect((await sums.waitingBefore('vm', soon())).jobs).toBe(before.jobs + 1);
      const cancelled = await replace(decided, transitions.cancelled(decided.job, noon));
      expect((await ports().jobs.get(deferred.job.id))?.job).toEqual({
        ...cancelled.job,
        createdAt: read?.job.createdAt,
      });
    });

    it('lists no deferred job that has ended', async () => {
      const deferred = await createDeferred();
      await replace(deferred, transitions.cancelled(deferred.job, noon));
      const ids = (await ports().backlog.deferred(1_000)).map(({ job }) => job.id);
      expect(ids).not.toContain(deferred.job.id);
    });

    it('lists deferred jobs by their deadlines', async () => {
      const [late, soonest] = [
        await createDeferred({ objectiveMs: 60_000 }),
        await createDeferred({ objectiveMs: 2_000 }),
      ];
      const ids = (await ports().backlog.deferred(1_000)).map(({ job }) => job.id);
      expect(ids.indexOf(soonest.job.id)).toBeLessThan(ids.indexOf(late.job.id));
    });

    it('judges ages and claims by its own time of the read', async () => {
      const { jobs, backlog } = ports();
      const [young, held] = [await create(), await create()];
      await replace(young, transitions.published(young.job, young.readAt));
      const claim = { worker: 'w', token: 't', expiresAt: new Date(held.readAt.getTime() + 60_000) };
      await replace(held, { ...held.job, state: 'processing', claim });
      const ids = (list: Stored[]) => list.map(({ job }) => job.id);
      expect(ids(await backlog.published(60_000, 1_000))).not.toContain(young.job.id);
      expect(ids(await backlog.published(0, 1_000))).toContain(young.job.id);
      expect(ids(await backlog.abandoned(1_000))).not.toContain(held.job.id);
      const read = await jobs.get(held.job.id);
      expect(read?.readAt.getTime()).toBeGreaterThanOrEqual(read?.updatedAt.getTime() ?? Number.NaN);
    });

    it('goes on behind a job of a list that the sweep looks through', async () => {
      const mine = new Set<string>();
      const make = async (transition: (job: Job) => Job) => {
        for (let index = 0; index < 5; index++) {
          const stored = await create();
          mine.add((await replace(stored, transition(stored.job))).job.id);
        }
      };
      await make((job) => ({ ...job, class: 'bulk' }));
      await make((job) => transitions.published(job, justNow()));
      await make((job) => {
        const claim = { worker: 'w', token: 't', expiresAt: justNow() };
        return { ...job, state: 'processing', claim, attempt: 1 };
      });
      await make((job) => transitions.cancelled(job, justNow()));
      for (let index = 0; index < 5; index++) mine.add((await createDeferred()).job.id);
      const { backlog } = ports();
      const lists = {
        deferred: (after: Stored | null) => backlog.deferred(2, after),
        unpublished: (after: Stored | null) => backlog.unpublished(0, 2, after),
        published: (after: Stored | null) => backlog.published(0, 2, after),
        abandoned: (after: Stored | null) => backlog.abandoned(2, after),
        outboxes: (after: Stored | null) => backlog.outboxes(0, 2, after),
      };
      for (const [list, read] of Object.entries(lists)) {
        const seen: string[] = [];
        for (let last: Stored | null = null; ; ) {
          const page: Stored[] = await read(last);
          seen.push(...page.map(({ job }) => job.id));
          last = page.at(-1) ?? null;
          if (page.length < 2) break;
        }
        expect(new Set(seen).size, list).toBe(seen.length);
        expect(
          seen.filter((id) => mine.has(id)),
          list,
        ).toHaveLength(5);
      }
    });

    it('lists the newest jobs, and orders their writes', async () => {
      const [first, second] = [await create(), await create()];
      const placeOf = async ({ job }: Stored) => {
        const listed = await ports().feed.newest(100);
        const found = listed.find(({ stored }) => stored.job.id === job.id);
        return found?.position ?? expect.fail(`${job.id} is not listed.`);
      };
      expect((await placeOf(first)) < (await placeOf(second))).toBe(true);
      const before = await placeOf(second);
      await replace(first, transitions.published(first.job, noon));
      expect((await placeOf(first)) > before).toBe(true);
      const listed = await ports().feed.newest(2);
      expect(listed.map(({ stored }) => stored.job.id)).toEqual([second.job.id, first.job.id]);

      const told = new Map<string, string>();
      const watch = ports().feed.watch(
        {},
        2,
        (changes) => {
          for (const { stored, position } of changes) told.set(stored.job.id, position);
        },
        (error) => expect.fail(String(error)),
      );
      await expect.poll(() => told.size).toBe(2);
      watch.stop();
      for (const { stored, position } of listed) expect(told.get(stored.job.id)).toBe(position);
    });

    it('tells a watcher at once, also that nothing is there', async () => {
      const told: JobChange[][] = [];
      const watch = ports().feed.watch(
        { owner: newOwner() },
        10,
        (changes) => told.push(changes),
        (error) => expect.fail(String(error)),
      );
      await expect.poll(() => told).toEqual([[]]);
      watch.stop();
    });

    it('tells a watcher what is there, what changes and what goes, and then no more', async () => {
      const owner = newOwner();
      const first = await create({ owner });
      const seen: JobChange[] = [];
      const watch = ports().feed.watch(
        { owner },
        10,
        (changes) => seen.push(...changes),
        (error) => expect.fail(String(error)),
      );
      const last = () => seen.at(-1);
      await expect.poll(() => last()?.stored.job.id).toBe(first.job.id);
      const second = await create({ owner });
      await expect.poll(() => last()?.stored.job.id).toBe(second.job.id);
      const published = await replace(second, transitions.published(second.job, noon));
      await expect.poll(() => last()?.stored.job.publishedAt).toEqual(noon);
      await replace(published, transitions.tombstone(published.job, noon));
      await expect.poll(() => last()?.present).toBe(false);
      watch.stop();
      const count = seen.length;
      await create({ owner });
      await ports().feed.find({ owner }, 10, null);
      expect(seen).toHaveLength(count);
    });
  });
}
