import { setTimeout as delay } from 'node:timers/promises';
import { newSampleJob } from '@spillway/core/testing/sample-job.ts';
import { sampleWorker } from '@spillway/core/testing/sample-worker.ts';
import { reserved, succeeded } from '@spillway/core/transitions.ts';
import { countedReads } from '@spillway/pipeline/testing/counted-reads.ts';
import { seedRollups } from '@spillway/pipeline/testing/seed-rollups.ts';
import { launchBrowser } from '@spillway/tests/browser.ts';
import { drawnJobs, seedJobs } from '@spillway/tests/site/seed-jobs.ts';
import { type SeededSite, startSeededSite } from '@spillway/tests/site/seeded-site.ts';
import { quantile } from './quantile.ts';

const jobs = 100_000;
const workers = 50;
const days = 30;
const opened = 5;
const outcomes = 40;
const pages = [
  '/dashboard/',
  '/dashboard/?range=24h',
  '/dashboard/?range=30d',
  '/dashboard/workers/',
  '/dashboard/jobs/',
];

interface PageRow {
  page: string;
  /** Milliseconds from the request of the page to its first figure or row, over a few openings. */
  firstDataMs: { p50: number; p95: number };
  readsToOpen: number;
  readsPerMinute: number;
}

/**
 * Fills a database with jobs, workers and a month of rollups, and opens pages for admins: how long until data are painted, and
 * how many documents that costs, as Firestore bills; and how long after its write an outcome is told to its visitor.
 */
export async function dashboard({ json }: { json: boolean }): Promise<void> {
  let counted = { reads: 0 };
  const site = await startSeededSite((ports) => {
    const made = countedReads(ports);
    counted = made.counted;
    return made.ports;
  });
  try {
    await fill(site);
    const stopBeats = beat(site);
    const rows: PageRow[] = [];
    for (const page of pages) rows.push(await measurePage(page, site, counted));
    const toldMs = await outcomesToldMs(site);
    stopBeats();
    const told = { p50: quantile(toldMs, 0.5), p95: quantile(toldMs, 0.95) };
    if (json) console.log(JSON.stringify({ jobs, workers, days, pages: rows, outcomeToldMs: told }, null, 2));
    else print(rows, told);
  } finally {
    await site.close();
  }
}

async function fill(site: SeededSite): Promise<void> {
  const now = Date.now();
  await seedJobs(site, drawnJobs(jobs, days * 24, now));
  const { metricsDocuments } = site.ports;
  await seedRollups(metricsDocuments, { now: new Date(now), days, workers, owners: 60, jobsPerHour: 300 });
}

/** All workers beat as often as real ones do. */
function beat(site: SeededSite): () => void {
  const all = async () => {
    for (let vm = 0; vm < workers; vm++) {
      const expiresAt = new Date(Date.now() + 600_000);
      const { ageMs: _, ...heartbeat } = sampleWorker({ id: `vm-${vm}`, expiresAt });
      await site.ports.fleet.beat(heartbeat);
    }
  };
  void all();
  const timer = setInterval(() => void all(), 2_000);
  return () => clearInterval(timer);
}

async function measurePage(path: string, site: SeededSite, counted: { reads: number }): Promise<PageRow> {
  const browser = await launchBrowser();
  const times: number[] = [];
  let readsToOpen = 0;
  let readsPerMinute = 0;
  try {
    for (let opening = 0; opening < opened; opening++) {
      const context = await browser.newContext({ viewport: { width: 1_440, height: 900 } });
      const page = await context.newPage();
      // The door is opened first: a page with data is what an admin comes back to.
      await page.goto(site.adminUrl);
      await page.locator('[data-access="granted"]').waitFor();
      await page.goto('about:blank');
      await delay(500);
      const before = counted.reads;
      const startedAt = performance.now();
      await page.goto(`${site.url}${path}`, { waitUntil: 'commit' });
      await page.locator('.figure-value:not(:has(.figure-waits)), .worker, table tbody tr').first().waitFor();
      times.push(performance.now() - startedAt);
      if (opening === opened - 1) {
        await delay(4_000);
        readsToOpen = counted.reads - before;
        const since = counted.reads;
        await delay(60_000);
        readsPerMinute = counted.reads - since;
      }
      await context.close();
    }
  } finally {
    await browser.close();
  }
  const firstDataMs = { p50: quantile(times, 0.5), p95: quantile(times, 0.95) };
  return { page: path, firstDataMs, readsToOpen, readsPerMinute };
}

/** Milliseconds from the write of an outcome to its event at the visitor whose job it is. */
async function outcomesToldMs({ url, ports }: SeededSite): Promise<number[]> {
  const first = await fetch(`${url}/api/v1/jobs`);
  const cookie = (first.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
  const owner = cookie.split('=')[1]?.split('.')[0] ?? '';
  const ending = new AbortController();
  const events = await fetch(`${url}/api/v1/events`, { headers: { cookie }, signal: ending.signal });
  const reader = (events.body ?? new ReadableStream<Uint8Array>()).getReader();
  const decoder = new TextDecoder();
  let text = '';
  const times: number[] = [];
  for (let index = 0; index < outcomes; index++) {
    const id = `outcome-${index}`;
    const { stored } = await ports.jobs.create(reserved(newSampleJob({ id, owner }), new Date()));
    const timings = { waitMs: 1, downloadMs: 1, slotWaitMs: 0, processMs: 1, storeMs: 1, totalMs: 4 };
    const result = {
      ...{ bucket: 'results', name: id, generation: '1', contentType: 'image/png', size: 1, crc32c: '' },
      ...{ width: 1, height: 1, decodedPixels: 1, model: null, notes: [], receipt: id },
      ...{ thumbnails: null, mask: null },
    };
    await delay(200);
    const current = await ports.jobs.get(id);
    await ports.jobs.replace(current ?? stored, succeeded(stored.job, result, timings, new Date()));
    const writtenAt = performance.now();
    while (
      !text.includes(`"id":"${id}"`) ||
      !text.slice(text.lastIndexOf(`"id":"${id}"`)).includes('"succeeded"')
    ) {
      const { value, done } = await reader.read();
      if (done) throw new Error('The stream of events ended.');
      text += decoder.decode(value, { stream: true });
    }
    times.push(performance.now() - writtenAt);
    text = '';
  }
  ending.abort();
  return times;
}

function print(rows: readonly PageRow[], told: { p50: number; p95: number }): void {
  console.log(`${jobs} jobs, ${workers} workers that beat, ${days} days of rollups:`);
  console.table(
    rows.map(({ page, firstDataMs, readsToOpen, readsPerMinute }) => ({
      page,
      'first data, p50 ms': Math.round(firstDataMs.p50),
      'p95 ms': Math.round(firstDataMs.p95),
      'reads to open': readsToOpen,
      'reads a minute': readsPerMinute,
    })),
  );
  console.log(
    `An outcome is told to its visitor after ${told.p50.toFixed(0)} ms (p95 ${told.p95.toFixed(0)} ms).`,
  );
}
