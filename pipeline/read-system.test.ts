import { diagnose } from '@spillway/core/diagnosis/diagnosis.ts';
import { RefusedError } from '@spillway/core/errors.ts';
import { sampleJob } from '@spillway/core/testing/sample-job.ts';
import { sampleWorker } from '@spillway/core/testing/sample-worker.ts';
import { describe, expect, it } from 'vitest';
import { findDueUploads } from './find-lost-uploads.ts';
import { createMemoryPorts } from './memory/ports.ts';
import { readSystem } from './read-system.ts';
import { routeUpload } from './route.ts';
import { sweepOnce } from './sweep.ts';
import { manualClock } from './testing/manual-clock.ts';

const minute = 60_000;

/** A system with a VM that has just beaten, and a clock that the test moves. */
async function system() {
  const clock = manualClock();
  const ports = createMemoryPorts({ clock });
  await ports.fleet.beat(sampleWorker());
  return {
    ports,
    clock,
    /** Everything that is wrong, by its code. */
    async wrong() {
      await ports.fleet.beat(sampleWorker());
      const { answers } = diagnose(await readSystem(ports));
      return Object.values(answers)
        .flat()
        .filter(({ weight }) => weight === 'wrong')
        .map(({ code }) => code);
    },
  };
}

const picture = Buffer.from('cat');

describe('what is read of a system', () => {
  it('is nothing wrong where everything runs', async () => {
    const { ports, wrong } = await system();
    await sweepOnce('a', ports);
    await routeUpload(ports.blobs.upload('uploads', 'sketch/cat.jpg', picture), null, ports);
    expect(await wrong()).toEqual([]);
    expect((await readSystem(ports)).jobs.open.vm.queued).toBe(1);
  });

  it('tells of sweeps, of jobs that wait too long, and of an admin', async () => {
    const { ports, clock, wrong } = await system();
    expect(await wrong()).toEqual(['never_swept']);
    await sweepOnce('a', ports);
    await routeUpload(ports.blobs.upload('uploads', 'sketch/cat.jpg', picture), null, ports);
    clock.advance(4 * minute);
    expect((await wrong()).sort()).toEqual(['late_waiting', 'not_swept', 'unclaimed']);
  });

  it('counts no Cloud Run where there is none, and passes on why no uploads are taken', async () => {
    const { ports, wrong } = await system();
    await sweepOnce('a', ports);
    const refusing = { ...ports.blobs, uploadRefusal: () => 'The disk would have less than 512 MB free.' };
    const reading = await readSystem({ ...ports, blobs: refusing, runReach: { kind: 'none' } });
    expect(reading.settings.run.maxInstances).toBe(0);
    expect(reading.uploadRefusal).toContain('512 MB');
    const codes = diagnose({ ...reading, workers: [] }).answers.healthy.map(({ code }) => code);
    expect(codes).toEqual(expect.arrayContaining(['uploads_refused', 'nothing_takes_work']));
    expect(await wrong()).toEqual([]);
  });

  it('tells of what was recorded and not published, and of claims that nobody renews', async () => {
    const { ports, clock, wrong } = await system();
    await ports.jobs.create({ ...sampleJob(), createdAt: clock.now() });
    const { stored } = await ports.jobs.create({
      ...sampleJob({ id: 'f'.repeat(32) }),
      createdAt: clock.now(),
    });
    const claim = { worker: 'vm-9', token: 'token', expiresAt: clock.now() };
    await ports.jobs.replace(stored, { ...stored.job, state: 'processing', claim, publishedAt: clock.now() });
    clock.advance(2 * minute);
    expect(await wrong()).toEqual(expect.arrayContaining(['unpublished', 'abandoned']));
  });

  it('finds uploads without a job as the search does, and makes none', async () => {
    const { ports, clock, wrong } = await system();
    const seen = ports.blobs.upload('uploads', 'sketch/seen.jpg', picture);
    await routeUpload(seen, null, ports);
    ports.blobs.upload('uploads', 'sketch/lost.jpg', picture);
    ports.blobs.upload('uploads', '_temporary/parts', picture);
    ports.blobs.upload('web-uploads', 'ann/x/lost.jpg', picture);
    expect((await readSystem(ports)).uploads).toMatchObject({ value: { looked: 0, complete: true } });
    clock.advance(3 * minute);
    const { uploads } = await readSystem(ports);
    expect(uploads).toMatchObject({
      kind: 'read',
      value: {
        looked: 4,
        complete: true,
        lost: [expect.stringContaining('sketch/lost.jpg#'), expect.stringContaining('ann/x/lost.jpg#')],
      },
    });
    expect(await wrong()).toContain('uploads_without_job');
    expect((await ports.feed.find({}, 10, null)).jobs).toHaveLength(1);

    await findDueUploads({ youngestMs: 0, goesOn: () => true }, ports);
    expect(await wrong()).not.toContain('uploads_without_job');
  });

  it('is bounded, however much there is', async () => {
    const { ports, clock } = await system();
    for (let each = 0; each < 1_050; each++) ports.blobs.upload('uploads', `sketch/${each}.jpg`, picture);
    clock.advance(3 * minute);
    expect(await readSystem(ports)).toMatchObject({ uploads: { value: { looked: 1_000, complete: false } } });
  });

  it('tells of dead letters', async () => {
    const { ports, wrong } = await system();
    await ports.queue.bury('data', 'It is no JSON.');
    expect(await wrong()).toContain('dead_letters');
  });

  it('names a part that it may not look at, and goes on with the others', async () => {
    const { ports } = await system();
    ports.preflight.examine = async (need) => {
      if (need.kind === 'bucket_there')
        return { kind: 'lack', what: 'The bucket a does not exist.', mend: 'gcloud …' };
      throw new RefusedError('This account may not look at the topic jobs-vm.');
    };
    const { answers, notLookedAt } = diagnose(await readSystem(ports));
    expect(notLookedAt).toMatchObject([{ what: 'This account may not look at the topic jobs-vm.' }]);
    expect(answers.healthy).toContainEqual(expect.objectContaining({ code: 'not_set_up' }));
  });

  it('is nothing where the database refuses', async () => {
    const { ports } = await system();
    ports.feed.newest = () => Promise.reject(new RefusedError('Firestore refuses.', { scope: 'service' }));
    await expect(readSystem(ports)).rejects.toThrow('Firestore refuses.');
  });
});
