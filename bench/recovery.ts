import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Firestore } from '@google-cloud/firestore';
import type { Job } from '@spillway/core/job.ts';
import { readStackFile } from '@spillway/pipeline/stack-file.ts';
import { drawPhoto } from './photos.ts';
import { quantile } from './quantile.ts';
import { ended, jobsUnder, upload, withStack } from './stack-jobs.ts';

const rounds = 5;
/** Milliseconds of one job: longer than a claim lives, so a killed worker never finishes its job. */
const workMs = 12_000;
const pollMs = 50;

export interface RecoveryReport {
  /** Seconds from SIGKILL until the worker's job is claimed again. One value for each round. */
  claimedAgain: number[];
  median: number;
  most: number;
}

/** Kills a VM worker in the middle of a job, several times, and measures how long the job has no worker. */
export async function recovery(options: { json: boolean }): Promise<RecoveryReport> {
  process.env.SPILLWAY_SLEEP_MS = String(workMs);
  const claimedAgain = await withStack({ vms: 2, slots: 1, runMax: 1 }, async (bench) => {
    const path = join(bench.directory, 'photo.jpg');
    await drawPhoto(600, 400, 1, path);
    const bytes = await readFile(path);
    const seconds: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const prefix = `caption/recovery-${round}`;
      await upload(bench.stack, `${prefix}.jpg`, bytes);
      const held = await jobThat(bench.firestore, prefix, ({ claim }) => claim !== null);
      const worker = held.claim?.worker ?? '';
      // The file has the process ids of restarted workers too.
      const pid = (await readStackFile(bench.directory))?.pids[worker];
      if (pid === undefined) throw new Error(`${worker} is not running.`);
      process.kill(pid, 'SIGKILL');
      const killedAt = performance.now();
      await jobThat(
        bench.firestore,
        prefix,
        ({ claim }) => claim !== null && claim.token !== held.claim?.token,
      );
      seconds.push((performance.now() - killedAt) / 1_000);
      await ended(bench.firestore, prefix, 1);
    }
    return seconds;
  });
  const report = { claimedAgain, median: quantile(claimedAgain, 0.5), most: Math.max(...claimedAgain) };
  if (options.json) console.log(JSON.stringify(report, null, 2));
  else {
    const all = claimedAgain.map((seconds) => seconds.toFixed(1)).join(', ');
    console.log(`A killed VM's job was claimed again after ${all} s`);
    console.log(`median ${report.median.toFixed(1)} s, most ${report.most.toFixed(1)} s`);
  }
  return report;
}

async function jobThat(firestore: Firestore, prefix: string, condition: (job: Job) => boolean): Promise<Job> {
  for (;;) {
    const job = (await jobsUnder(firestore, prefix)).find(condition);
    if (job) return job;
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}
