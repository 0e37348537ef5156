import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { isTerminal, type Job } from '@spillway/core/job.ts';
import { seededRandom } from '@spillway/core/testing/seeded-random.ts';
import { processTree } from '@spillway/processing/process-tree.ts';
import { checkStorage } from '@spillway/storage-server/check.ts';
import type { Product } from './product.ts';
import { createUploader } from './uploader.ts';

const lookEveryMs = 200;
/** What waits for a claim to expire, or for its message to come again, takes up to half a minute; and that may happen again. */
const endsWithinMs = 180_000;

export interface Kills {
  seconds: number;
  uploads: number;
  /** SIGKILLs by the kind of process. */
  killed: Record<string, number>;
  /** Uploads without a job, jobs that have not ended well, and results or receipts that are missing. */
  lost: string[];
  /** Uploads with several jobs, and objects in the results bucket that no job knows. */
  doubled: string[];
  /** Where sums, documents, files and checks disagree. */
  problems: string[];
}

export interface KillOptions {
  seconds: number;
  everyMs: number;
  uploadEveryMs: number;
  name: string;
  bytes: Buffer;
  seed: number;
}

/**
 * Kills one process of the product after the other with SIGKILL while pictures are uploaded, each kind of process in
 * turn, and looks at the end whether each upload has exactly one result.
 */
export async function kill(product: Product, options: KillOptions): Promise<Kills> {
  const { seconds, everyMs, uploadEveryMs, name, bytes, seed } = options;
  const random = seededRandom(seed);
  const uploader = createUploader(product);
  const until = performance.now() + seconds * 1_000;
  const killed: Record<string, number> = {};
  const uploads: Promise<void>[] = [];

  async function killByTurns(): Promise<void> {
    for (let turn = 0; performance.now() < until; turn++) {
      await delay(everyMs * (0.5 + random()));
      const victims = await processesOf(product);
      const kindsThere = [...new Set(victims.map(({ kind }) => kind))].sort();
      const kind = kindsThere[turn % kindsThere.length];
      const ofKind = victims.filter((victim) => victim.kind === kind);
      const victim = ofKind[Math.floor(random() * ofKind.length)];
      if (!victim) continue;
      process.kill(victim.pid, 'SIGKILL');
      killed[victim.kind] = (killed[victim.kind] ?? 0) + 1;
    }
  }

  const killing = killByTurns();
  while (performance.now() < until) {
    uploads.push(uploader.upload(`${name}-${uploads.length}.jpg`, bytes));
    await delay(uploadEveryMs * 2 * random());
  }
  await Promise.all([killing, ...uploads]);
  uploader.close();
  const names = uploads.map((_, index) => `${name}-${index}.jpg`);
  await untilEnded(product, names.length);
  return { seconds, uploads: names.length, killed, ...(await examine(product, name, names)) };
}

interface Victim {
  kind: string;
  pid: number;
}

/** The parts, without the one that starts them, and the processes that work on pictures. */
async function processesOf(product: Product): Promise<Victim[]> {
  const parts = Object.entries(await product.parts()).map(([part, pid]) => ({
    kind: part.replace(/-\d+$/, ''),
    pid,
  }));
  const ofParts = new Set(parts.map(({ pid }) => pid));
  const tree = await processTree(product.pid);
  const children = tree.filter(({ pid }) => pid !== product.pid && !ofParts.has(pid));
  const alive = new Set(tree.map(({ pid }) => pid));
  return [
    ...parts.filter(({ pid }) => alive.has(pid)),
    ...children.map(({ pid }) => ({ kind: 'child', pid })),
  ];
}

/** Until that many jobs have ended, or for as long as that may take. */
async function untilEnded({ ports }: Product, count: number): Promise<void> {
  const giveUpAt = performance.now() + endsWithinMs;
  while (performance.now() < giveUpAt) {
    const { vm, run } = await ports.feed.countOpen();
    const open = vm.queued + vm.processing + run.queued + run.processing;
    const ended = await ports.sums.succeededSince('vm', new Date(0));
    if (open === 0 && ended >= count) return;
    await delay(lookEveryMs);
  }
}

async function examine(
  product: Product,
  prefix: string,
  names: string[],
): Promise<Pick<Kills, 'lost' | 'doubled' | 'problems'>> {
  const jobs = (await allJobs(product)).filter(({ source }) => source.name.startsWith(prefix));
  const byName = Map.groupBy(jobs, ({ source }) => source.name);
  const lost: string[] = [];
  const doubled: string[] = [];
  const known = new Set<string>();
  const stored = await resultsOf(product);
  for (const name of names) {
    const found = byName.get(name) ?? [];
    const [job] = found;
    if (found.length > 1) doubled.push(`${name} has ${found.length} jobs`);
    if (!job) lost.push(`${name} has no job`);
    else if (job.state !== 'succeeded')
      lost.push(`${name} is ${job.state}${job.error ? `: ${job.error.message}` : ''}`);
    for (const object of job?.result ? [job.result.name, job.result.receipt] : []) {
      known.add(object);
      if (!stored.has(object)) lost.push(`${object} is missing`);
    }
  }
  for (const object of stored) if (!known.has(object)) doubled.push(`${object} belongs to no job`);
  return { lost, doubled, problems: await problemsOf(product, jobs) };
}

async function problemsOf(product: Product, jobs: Job[]): Promise<string[]> {
  const { sums, feed } = product.ports;
  const problems: string[] = [];
  const open = jobs.filter(({ state }) => !isTerminal(state)).length;
  const counts = await feed.countOpen();
  const counted = Object.values(counts).reduce((sum, side) => sum + side.queued + side.processing, 0);
  if (counted !== open) problems.push(`${counted} jobs are counted as open, and ${open} documents are`);
  const running = await sums.running();
  const waiting = await sums.waitingBefore('vm', new Date(8.64e15));
  const inLedger = running.vm.jobs + running.run.jobs + waiting.jobs;
  if (inLedger !== open) problems.push(`The ledger has ${inLedger} jobs, and ${open} documents are open`);
  const database = new DatabaseSync(product.database, { readOnly: true });
  const [check] = database.prepare('PRAGMA integrity_check').all();
  database.close();
  if (check?.integrity_check !== 'ok')
    problems.push(`${product.database}: ${String(check?.integrity_check)}`);
  problems.push(...(await checkStorage(product.storageFolder)).problems);
  return problems;
}

async function allJobs({ ports }: Product): Promise<Job[]> {
  const jobs: Job[] = [];
  for (let cursor: string | null = null; ; ) {
    const page: Awaited<ReturnType<typeof ports.feed.find>> = await ports.feed.find({}, 500, cursor);
    jobs.push(...page.jobs);
    if (page.cursor === null) return jobs;
    cursor = page.cursor;
  }
}

async function resultsOf({ ports, buckets }: Product): Promise<Set<string>> {
  const names = new Set<string>();
  for (let behind: string | null = null; ; ) {
    const { objects, next } = await ports.blobs.listPage(buckets.results, behind);
    for (const { name } of objects) names.add(name);
    if (next === null) return names;
    behind = next;
  }
}
