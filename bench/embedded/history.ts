import { randomBytes, randomUUID } from 'node:crypto';
import { statSync } from 'node:fs';
import type { Job } from '@spillway/core/job.ts';
import { sampleJob } from '@spillway/core/testing/sample-job.ts';
import * as transitions from '@spillway/core/transitions.ts';
import { openDatabase } from '@spillway/pipeline/embedded/database.ts';
import { createEmbeddedDocuments } from '@spillway/pipeline/embedded/document-ports.ts';
import { silentLog } from '@spillway/pipeline/memory/ports.ts';
import { median } from '../quantile.ts';
import { type Product, startProduct } from './product.ts';

const jobs = 100_000;
const looks = 5;
const week = 7 * 24 * 3_600_000;
const mebibyte = 1_048_576;

export interface History {
  jobs: number;
  fileMib: number;
  readySeconds: number;
  /** Milliseconds from the dashboard's request to its first numbers, of each look. */
  firstDataMs: number[];
  medianMs: number;
}

/** The dashboard of a machine whose file has a week of jobs. */
export async function historyOf(directory: string): Promise<History> {
  const empty = await startProduct('serve', { directory });
  await empty.stop();
  await fill(empty.database);
  const product = await startProduct('serve', { directory });
  try {
    const firstDataMs: number[] = [];
    for (let look = 0; look < looks; look++) firstDataMs.push(await firstData(product));
    return {
      jobs,
      fileMib: statSync(product.database).size / mebibyte,
      readySeconds: product.readySeconds,
      firstDataMs,
      medianMs: median(firstDataMs),
    };
  } finally {
    await product.stop();
  }
}

/** Milliseconds until the dashboard's stream has told the overview. */
async function firstData({ adminUrl }: Product): Promise<number> {
  const { origin, hash } = new URL(adminUrl);
  const token = new URLSearchParams(hash.slice(1)).get('token');
  const startedAt = performance.now();
  const ending = new AbortController();
  const answer = await fetch(`${origin}/api/v1/admin/events`, {
    headers: { authorization: `Bearer ${token}` },
    signal: ending.signal,
  });
  if (!answer.ok || !answer.body) throw new Error(`The dashboard's stream was answered ${answer.status}.`);
  let text = '';
  for await (const chunk of answer.body.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (text.includes('event: overview') && text.includes('event: job')) break;
  }
  const ms = performance.now() - startedAt;
  ending.abort();
  return ms;
}

/** Puts a week of ended jobs into the file, each by the writes that a job has. */
async function fill(path: string): Promise<void> {
  let nowMs = Date.now() - week;
  const clock = { now: () => new Date(nowMs) };
  const database = await openDatabase(path, clock);
  // Nothing is lost if this is cut off: it is made anew.
  database.prepare('PRAGMA synchronous = OFF').run();
  const { jobs: documents } = createEmbeddedDocuments(database, silentLog, (_, error) => {
    throw error;
  });
  for (let index = 0; index < jobs; index++) {
    nowMs += week / (jobs + 1);
    const { stored } = await documents.create(newJob(index, clock.now()));
    const after = async (before: typeof stored, next: Job) => {
      const written = await documents.replace(before, next);
      if (!written) throw new Error('Somebody else has changed a job.');
      return written;
    };
    const at = clock.now();
    const routed = await after(stored, transitions.routed(stored.job, routeOf(stored.job, index), at));
    const published = await after(routed, transitions.published(routed.job, at));
    const claim = { worker: `vm-${index % 4}`, token: randomUUID(), expiresAt: new Date(nowMs + 9_000) };
    const answer = transitions.claimed(published.job, 0, claim, 3, at);
    if (answer.kind !== 'claimed') throw new Error(`A job could not be claimed: ${answer.kind}`);
    const claimed = await after(published, answer.job);
    const timings = {
      waitMs: 123.4,
      downloadMs: 12.3,
      slotWaitMs: 0,
      processMs: 345.6,
      storeMs: 12.3,
      totalMs: 567.8,
    };
    const ended = await after(
      claimed,
      transitions.succeeded(claimed.job, resultOf(claimed.job), timings, at),
    );
    await after(ended, transitions.followed(ended.job, ['event'], at));
  }
  database.close();
}

function newJob(index: number, at: Date): Job {
  const owner = `0f4bd7c1-0000-4000-8000-${String(index % 500).padStart(12, '0')}`;
  return sampleJob({
    id: randomBytes(32).toString('hex'),
    owner,
    batch: `00000000-0000-4000-8000-${String(Math.floor(index / 20)).padStart(12, '0')}`,
    batchSize: 20,
    batchIndex: null,
    upload: randomUUID(),
    workMs: 310.123,
    clockStartsAt: at,
    trace: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    reservation: randomUUID(),
    source: {
      bucket: 'spillway-web-uploads',
      name: `${owner}/${randomUUID()}/holiday picture ${index}.jpg`,
      generation: String(1_700_000_000_000_001 + index),
      size: 2_345_678,
      contentType: 'image/jpeg',
      timeCreated: at,
      pixels: 12_000_000,
    },
  });
}

function routeOf({ deadlineAt }: Job, index: number): transitions.RouteChoice {
  const side = (finishMs: number) => ({
    waitMs: 120.5,
    deliveryMs: 14.2,
    serviceMs: 310.123,
    ioMs: 24.6,
    spreadMs: 80.333,
    finishMs,
    dollars: 0.0000183,
    inTime: true,
  });
  return {
    target: index % 5 === 0 ? 'run' : 'vm',
    reason: 'vm_in_time',
    explanation:
      'The virtual machines finish in 0.56 s, 1.44 s before the deadline, and Cloud Run in 0.9 s for $0.0000183 more.',
    policy: 'deadline',
    workMs: 310.123,
    turnAt: deadlineAt,
    dollars: 0,
    predicted: { vm: side(560), run: side(900), runClosed: null, budgetMs: 1_999 },
    ledger: {
      vm: { running: { jobs: 2, workMs: 620.5 }, ahead: { jobs: 3, workMs: 930.75 } },
      run: { jobs: 0, workMs: 0 },
    },
  };
}

function resultOf({ source }: Job): NonNullable<Job['result']> {
  const stem = `sketch/${source.name.slice(0, -4)}.${source.generation}.abcdef12`;
  return {
    bucket: 'spillway-results',
    name: `${stem}.png`,
    generation: '1700000000000999',
    contentType: 'image/png',
    size: 345_678,
    crc32c: '4waSgw==',
    width: 4_000,
    height: 3_000,
    decodedPixels: 12_000_000,
    model: null,
    notes: [],
    receipt: `${stem}.receipt.json`,
    thumbnails: null,
    mask: null,
  };
}
