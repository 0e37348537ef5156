import type { Job } from '@spillway/core/job.ts';
import { routingSettingsSchema } from '@spillway/core/settings.ts';
import { describe, expect, it } from 'vitest';
import { cancelJob } from './cancel.ts';
import { handleMessage } from './handle-message.ts';
import { retryJob } from './retry.ts';
import { routeUpload } from './route.ts';
import { type Workbench, workbench } from './testing/workbench.ts';

const minutes = 60_000;

/** Files of one batch, one after another. */
async function batch(bench: Workbench, files: number, metadata: Record<string, string> = {}): Promise<Job[]> {
  const jobs: Job[] = [];
  for (let file = 0; file < files; file++) {
    jobs.push(...(await bench.drop(`sketch/${file}.jpg`, { batch: 'holidays', ...metadata })));
  }
  return jobs;
}

const classes = (jobs: Job[]) => jobs.map((job) => job.class);
const dueMs = (job: Job | undefined) => job && job.deadlineAt.getTime() - job.source.timeCreated.getTime();

describe('bulk work', () => {
  it('is a file of a batch that is said to have more than twenty', async () => {
    const bench = await workbench();
    const [job] = await batch(bench, 1, { 'batch-size': '21' });
    expect(job).toMatchObject({ class: 'bulk', batchSize: 21 });
    expect(dueMs(job)).toBe(10 * minutes);
    expect(classes(await batch(bench, 1, { 'batch-size': '20' }))).toEqual(['interactive']);
    expect(classes(await batch(bench, 1, { 'batch-size': 'thousands' }))).toEqual(['interactive']);
  });

  it('is the twenty-first file of a batch whose size nobody has stated', async () => {
    const bench = await workbench();
    const jobs = await batch(bench, 23);
    expect(classes(jobs)).toEqual([...new Array(20).fill('interactive'), 'bulk', 'bulk', 'bulk']);
    expect([dueMs(jobs[19]), dueMs(jobs[20])]).toEqual([2_000, 10 * minutes]);
    expect(await bench.job(jobs[20]?.id)).toEqual(jobs[20]);
    // Another batch, and no batch, have nothing to do with it.
    expect(classes(await batch(bench, 1, { batch: 'birthday' }))).toEqual(['interactive']);
    expect(classes(await bench.drop('sketch/alone.jpg'))).toEqual(['interactive']);
  });

  it('counts files, and not the operations that each is put through', async () => {
    const bench = await workbench();
    const three = { operation: 'sketch, caption, remove-background' };
    const jobs = await batch(bench, 8, three);
    expect(jobs).toHaveLength(24);
    expect(new Set(classes(jobs))).toEqual(new Set(['interactive']));
  });

  it('that is counted is said of no file when the batch is said to be small', async () => {
    const bench = await workbench();
    const jobs = await batch(bench, 23, { 'batch-size': '5' });
    expect(new Set(classes(jobs))).toEqual(new Set(['interactive']));
  });

  it('stays so when it is decided again', async () => {
    const bench = await workbench();
    const object = bench.ports.blobs.upload('uploads', 'sketch/last.jpg', Buffer.from('x'), {
      batch: 'holidays',
    });
    await batch(bench, 20);
    const { publish } = bench.ports.queue;
    bench.ports.queue.publish = () => Promise.reject(new Error('Pub/Sub is gone.'));
    await expect(routeUpload(object, null, bench.ports)).rejects.toThrow();
    bench.ports.queue.publish = publish;
    const [job] = await routeUpload(object, null, bench.ports);
    expect(job).toMatchObject({ class: 'bulk', route: { epoch: 1 } });
    expect(dueMs(job)).toBe(10 * minutes);
  });

  it('is what a source rule says is', async () => {
    const rule = { prefix: 'archive/', operations: ['caption'], options: {}, owner: 'museum' };
    const bench = await workbench({ sourceRules: [{ ...rule, class: 'bulk' }] });
    const [job] = await bench.drop('archive/1.jpg');
    expect(job).toMatchObject({ class: 'bulk', owner: 'museum', operation: 'caption' });
    expect(dueMs(job)).toBe(10 * minutes);
  });

  it('is measured as the settings say', async () => {
    const bulk = { batchOver: 2, objectiveMs: 60_000 };
    const bench = await workbench({ routing: routingSettingsSchema.parse({ bulk }) });
    const jobs = await batch(bench, 3);
    expect(classes(jobs)).toEqual(['interactive', 'interactive', 'bulk']);
    expect(dueMs(jobs[2])).toBe(60_000);
  });

  it('is not what a person retries', async () => {
    const bench = await workbench();
    const [job] = await batch(bench, 1, { 'batch-size': '500' });
    await cancelJob(job?.id ?? '', bench.ports);
    const retry = await retryJob(job?.id ?? '', bench.ports);
    expect(retry).toMatchObject({ kind: 'retried', job: { class: 'interactive', batch: 'holidays' } });
  });

  it('fills the VMs, and lets others pass', async () => {
    const bench = await workbench();
    const bulk = await batch(bench, 40, { 'batch-size': '40' });
    expect(bulk.map(({ route }) => route.target)).toEqual(new Array(40).fill('vm'));
    const [sketch] = await bench.drop('sketch/quick.jpg');
    expect(sketch).toMatchObject({ route: { target: 'vm', ledger: { vm: { ahead: { jobs: 0 } } } } });
    expect(await handleMessage(bench.take('vm'), bench.executor())).toMatchObject({
      job: { id: sketch?.id },
    });
  });
});
