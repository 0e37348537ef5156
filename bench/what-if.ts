import type { Job, Target } from '@spillway/core/job.ts';
import { predictionSchema } from '@spillway/core/job.ts';
import { initialRouterState } from '@spillway/core/routing/state.ts';
import { defaultRoutingSettings, routingSettingsSchema } from '@spillway/core/settings.ts';
import { newSampleJob } from '@spillway/core/testing/sample-job.ts';
import { seededRandom } from '@spillway/core/testing/seeded-random.ts';
import { claimed, reserved, routed, succeeded } from '@spillway/core/transitions.ts';
import { createMemoryDatabase } from '@spillway/pipeline/memory/ports.ts';
import { readRecorded } from '@spillway/pipeline/read-recorded.ts';
import { askWhatIf } from '@spillway/simulator/what-if/ask.ts';

/** Hours of different load, and the day of a busy site. */
const cases = [
  { name: 'an hour of 500 jobs', rangeMs: 3_600_000, jobs: 500 },
  { name: 'an hour of 2,000 jobs', rangeMs: 3_600_000, jobs: 2_000 },
  { name: 'a day of 100,000 jobs', rangeMs: 86_400_000, jobs: 100_000 },
] as const;

interface Row {
  case: string;
  played: number;
  reads: number;
  readSeconds: number;
  playSeconds: number;
}

/**
 * How long it takes to play other settings, and how many documents and index entries are read for it. The database is in this
 * process's memory, so that reading takes no time to speak of.
 */
export async function whatIf({ json }: { json: boolean }): Promise<void> {
  const rows: Row[] = [];
  for (const each of cases) {
    const row = await play(each);
    rows.push(row);
    if (!json) {
      console.log(
        `${row.case}: ${row.played} played, ${row.reads} reads, ${row.playSeconds.toFixed(1)} s in the thread`,
      );
    }
  }
  if (json) console.log(JSON.stringify(rows, null, 2));
}

async function play({ name, rangeMs, jobs }: (typeof cases)[number]): Promise<Row> {
  const now = Date.now();
  let time = now;
  const clock = { now: () => new Date(time) };
  const database = createMemoryDatabase({ clock });
  const random = seededRandom(1);
  const times = Array.from({ length: jobs }, () => now - 1 - random() * (rangeMs - 1)).sort((a, b) => a - b);
  for (const [index, at] of times.entries()) {
    time = at;
    database.jobs.create(endedJob(index, at, random));
  }
  time = now;
  const startedAt = performance.now();
  const recording = await readRecorded(rangeMs, { feed: database.feed, clock });
  const readAt = performance.now();
  const { learned, delivery, io, coldStart } = initialRouterState;
  const asked = await askWhatIf(
    {
      jobs: recording.jobs,
      machines: { vms: 2, slots: 2 },
      learned: { learned, delivery, io, coldStart },
      today: defaultRoutingSettings,
      proposed: routingSettingsSchema.parse({ objectivesMs: { sketch: 5_000 } }),
      plugins: [],
    },
    new AbortController().signal,
    () => {},
  );
  if (asked.kind !== 'answered') throw new Error(`There is no answer: ${JSON.stringify(asked)}`);
  return {
    case: name,
    played: recording.jobs.length,
    reads: recording.reads,
    readSeconds: (readAt - startedAt) / 1_000,
    playSeconds: (performance.now() - readAt) / 1_000,
  };
}

const operations = [
  { operation: 'sketch', processMs: 60 },
  { operation: 'remove-background', processMs: 400 },
  { operation: 'caption', processMs: 1_200 },
] as const;

function endedJob(index: number, at: number, random: () => number): Job {
  const { operation, processMs } = operations[Math.floor(random() * operations.length)] ?? operations[0];
  const target: Target = random() < 0.9 ? 'vm' : 'run';
  const timeCreated = new Date(at - 60);
  const asked = newSampleJob({ id: String(index).padStart(32, '0'), operation, clockStartsAt: timeCreated });
  const job = reserved({ ...asked, source: { ...asked.source, timeCreated, size: 600_000 } }, new Date(at));
  const ms = processMs * (0.7 + 0.6 * random());
  const decided = routed(
    job,
    {
      target,
      reason: target === 'vm' ? 'vm_in_time' : 'run_vm_late',
      explanation: '',
      policy: 'deadline',
      workMs: ms,
      turnAt: job.deadlineAt,
      dollars: 0,
      predicted: predictionSchema.parse({ vm: null, run: null, budgetMs: 2_000 }),
      ledger: null,
    },
    new Date(at + 40),
  );
  const claim = { worker: 'vm-1', token: 't', expiresAt: new Date(at + 9_000) };
  const taken = claimed(decided, decided.route.epoch, claim, 3, new Date(at + 100));
  if (taken.kind !== 'claimed') throw new Error(taken.kind);
  const timings = {
    waitMs: 160,
    downloadMs: 30,
    slotWaitMs: 0,
    processMs: ms,
    storeMs: 60,
    totalMs: 250 + ms,
  };
  return succeeded(taken.job, anyResult, timings, new Date(at + 190 + ms));
}

const anyResult = {
  bucket: 'results',
  name: 'x.png',
  generation: '1',
  contentType: 'image/png',
  size: 1,
  crc32c: '',
  width: 1,
  height: 1,
  decodedPixels: 2_000_000,
  model: null,
  notes: [],
  thumbnails: null,
  mask: null,
  receipt: 'x.receipt.json',
};
