import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fixtures } from '@spillway/plugins/testing/fixtures.ts';
import { describe, expect, it } from 'vitest';
import { drawnJpeg } from '../pictures.ts';
import { waitForEnd } from '../stack-client.ts';
import { ownStack } from './own-stack.ts';

const own = ownStack({ vms: 2, slots: 1, runMax: 2, likeCloud: true, operations: fixtures.faulty });

describe('a picture that crashes its child three times', () => {
  it('costs Cloud Run no refusal, and no job beside it an attempt', async () => {
    const { client, directory } = own();
    const picture = await drawnJpeg(1);
    // Everything goes to Cloud Run from now on. The router keeps the settings of before for some seconds.
    await client.documents.merge('settings/routing', { policy: 'threshold', threshold: { cpu: 0 } });
    let tries = 0;
    const goesToRun = async () => {
      const name = `sketch/before/${tries++}.jpg`;
      await client.drop(name, picture);
      const [job] = await client.endedJobs(name);
      return job?.route.target;
    };
    await expect.poll(goesToRun, { timeout: 60_000, interval: 500 }).toBe('run');

    const beside = Array.from({ length: 10 }, (_, index) => `sketch/beside/${index}.jpg`);
    await Promise.all([
      client.drop('faulty/crashing.jpg', picture, { options: '{"how":"crash"}' }),
      ...beside.map((name) => client.drop(name, picture)),
    ]);
    const jobs = await waitForEnd(() => client.jobsUnder('sketch/beside/'), beside.length, 120_000);
    expect(jobs.map(({ state, attempt }) => [state, attempt])).toEqual(beside.map(() => ['succeeded', 1]));
    const [crashed] = await client.endedJobs('faulty/crashing.jpg', 1, 60_000);
    expect(crashed).toMatchObject({ state: 'failed', attempt: 3, error: { code: 'poison' } });
    // The worker refuses no push for it: that would slow down all of them. A full Cloud Run answers 429.
    const pushed = await readFile(join(directory, 'logs', 'pusher.log'), 'utf8');
    expect(pushed.split('\n').filter((line) => /"jobs-run-push: .* answered 5/.test(line))).toEqual([]);
  });
});
