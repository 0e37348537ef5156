import { isTerminal } from '@spillway/core/job.ts';
import { beforeAll, describe, expect, it } from 'vitest';
import { drawnJpeg } from '../pictures.ts';
import { ownStack } from './own-stack.ts';

/** Two VMs do all the work, one picture at a time each. */
const own = ownStack({ vms: 2, slots: 1, runMax: 0 });
const sentAtOnce = 16;
let picture: Buffer;

beforeAll(async () => {
  picture = await drawnJpeg(1, 1_200, 900);
  const { client } = own();
  const rule = { operations: ['sketch'], options: {} };
  await client.documents.write('settings/sources', {
    rules: ['museum', 'agency', 'camera'].map((owner) => ({ ...rule, owner, prefix: `${owner}/` })),
  });
});

/** Resolves once routers know the rules: an upload by one of them then has its owner. */
async function untilRulesAreKnown(): Promise<void> {
  let file = 0;
  const owner = async () => {
    const name = `camera/first-${file++}.jpg`;
    await own().client.drop(name, picture);
    const [job] = await own().client.endedJobs(name);
    return job?.owner;
  };
  await expect.poll(owner, { timeout: 60_000 }).toBe('camera');
}

/** Drops files of one owner, many at a time. Resolves when all are stored. */
async function dropMany(owner: string, files: number, metadata: Record<string, string> = {}): Promise<void> {
  const names = Array.from({ length: files }, (_, index) => `${owner}/${index}.jpg`);
  const left = names.values();
  const lane = async () => {
    for (const name of left) await own().client.drop(name, picture, metadata);
  };
  await Promise.all(Array.from({ length: sentAtOnce }, lane));
}

/** A visitor's picture, as the site's page sends it. */
async function dropOnPage(name: string): Promise<void> {
  const { client, stack } = own();
  const file = client.storage.bucket(stack.buckets.webUploads).file(name);
  const metadata = { metadata: { operation: 'sketch' } };
  await file.save(picture, { resumable: false, contentType: 'image/jpeg', metadata });
}

async function endedOf(owner: string): Promise<number> {
  const jobs = await own().client.jobsUnder(`${owner}/`);
  return jobs.filter(({ state }) => isTerminal(state)).length;
}

/** Sketches that are dropped now: one on the page, one by another integrator. Resolves when both are done. */
async function bothDone(name: string): Promise<void> {
  const { client } = own();
  await Promise.all([dropOnPage(`visitor/${name}.jpg`), client.drop(`camera/${name}.jpg`, picture)]);
  for (const done of [`visitor/${name}.jpg`, `camera/${name}.jpg`]) {
    expect(await client.endedJobs(done, 1, 120_000)).toMatchObject([{ state: 'succeeded' }]);
  }
}

describe('a sketch that is dropped right after others', () => {
  it('does not stand behind a thousand bulk files: not on the page, and not in their bucket', async () => {
    await untilRulesAreKnown();
    await dropMany('museum', 1_000, { 'batch-size': '1000' });
    await bothDone('after-bulk');
    expect(await endedOf('museum')).toBeLessThan(400);
  });

  it('does not stand behind 500 files of one owner that say nothing of each other', async () => {
    await dropMany('agency', 500);
    await bothDone('after-crowd');
    expect(await endedOf('agency')).toBeLessThan(400);
  });
});
