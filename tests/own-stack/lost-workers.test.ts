import type { Job } from '@spillway/core/job.ts';
import { readStackFile } from '@spillway/pipeline/stack-file.ts';
import { describe, expect, it } from 'vitest';
import { drawnJpeg } from '../pictures.ts';
import { ownStack } from './own-stack.ts';

const own = ownStack({ vms: 2, slots: 1, runMax: 2 });

async function dropMany(folder: string, count: number): Promise<void> {
  const picture = await drawnJpeg(1, 1_200, 900);
  const names = Array.from({ length: count }, (_, index) => `sketch/${folder}/${index}.jpg`);
  await Promise.all(names.map((name) => own().client.drop(name, picture)));
}

const jobsIn = (folder: string): Promise<Job[]> => own().client.jobsUnder(`sketch/${folder}/`);

async function allSucceeded(folder: string, count: number): Promise<Job[]> {
  const succeeded = async () => (await jobsIn(folder)).filter(({ state }) => state === 'succeeded').length;
  await expect.poll(succeeded, { timeout: 120_000, interval: 200 }).toBe(count);
  return jobsIn(folder);
}

describe('workers that are lost', () => {
  it('cost no job: one that is killed in the middle is restarted, and its work is done', async () => {
    const { stack, directory, said } = own();
    const pid = stack.pids['vm-1'] ?? 0;
    await dropMany('killed', 12);
    const claimedByFirst = async () => (await jobsIn('killed')).some(({ claim }) => claim?.worker === 'vm-1');
    await expect.poll(claimedByFirst, { timeout: 60_000, interval: 20 }).toBe(true);
    process.kill(pid, 'SIGKILL');
    await allSucceeded('killed', 12);
    await expect.poll(() => said.join('\n')).toContain('vm-1 is back.');
    const pidOnFile = async () => (await readStackFile(directory))?.pids['vm-1'] ?? pid;
    await expect.poll(pidOnFile).not.toBe(pid);
  });

  it('are replaced by Cloud Run when no VM is left, for what waits and for what comes', async () => {
    await dropMany('waiting', 8);
    const someClaimed = async () => (await jobsIn('waiting')).some(({ claim }) => claim !== null);
    await expect.poll(someClaimed, { timeout: 60_000, interval: 20 }).toBe(true);
    const { stack, client } = own();
    await Promise.all([stack.stopPart('vm-1'), stack.stopPart('vm-2')]);
    expect((await client.vms()).map(({ state }) => state)).toEqual(['stopped', 'stopped']);
    await dropMany('no-vms', 6);
    const jobs = await allSucceeded('no-vms', 6);
    expect(jobs.map(({ route }) => route.target)).toEqual(new Array(6).fill('run'));
    const waited = await allSucceeded('waiting', 8);
    expect(waited.some(({ route }) => route.target === 'run')).toBe(true);
  });
});
