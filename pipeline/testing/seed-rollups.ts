import type { FailureCode } from '@spillway/core/errors.ts';
import { alertDayId, type LoggedAlert } from '@spillway/core/rollups/alert-log.ts';
import { addSeen, byDocument, contentOf, nothingSeen, type Seen } from '@spillway/core/rollups/document.ts';
import { observe } from '@spillway/core/rollups/histogram.ts';
import { type Level, levels, recordMs, startOf } from '@spillway/core/rollups/levels.ts';
import { runDollarsOf } from '@spillway/core/rollups/measured-cost.ts';
import { addCells, cellsOf, type Part, parts, recordForms, tallyIn } from '@spillway/core/rollups/rollup.ts';
import { initialRollupState, stateId } from '@spillway/core/rollups/state.ts';
import { cellName, type Tally } from '@spillway/core/rollups/tally.ts';
import { defaultRoutingSettings } from '@spillway/core/settings.ts';
import { seededRandom } from '@spillway/core/testing/seeded-random.ts';
import type { MetricsDocument, MetricsDocuments } from '../ports/rollups.ts';

export interface RollupSeed {
  /** The end of what is seeded. */
  now: Date;
  days: number;
  /** Hours for which there are minutes; before that, hours alone. */
  fineHours?: number;
  workers: number;
  owners: number;
  /** Jobs of an hour at its busiest. */
  jobsPerHour: number;
  /** An hour in which half of the objectives were missed and many jobs failed. */
  badHour?: Date;
}

const minute = 60_000;
const hour = 60 * minute;
const kinds = [
  { operation: 'sketch', class: 'interactive', share: 0.4, waitMs: 400, runMs: 350, failed: 'corrupt_image' },
  {
    operation: 'remove-background',
    class: 'interactive',
    share: 0.25,
    waitMs: 900,
    runMs: 1_800,
    failed: 'unsupported_type',
  },
  {
    operation: 'caption',
    class: 'interactive',
    share: 0.15,
    waitMs: 1_500,
    runMs: 4_200,
    failed: 'processing_timeout',
  },
  { operation: 'sketch', class: 'bulk', share: 0.2, waitMs: 60_000, runMs: 360, failed: 'corrupt_image' },
] as const;

/** Fills `metrics/` as weeks of work would have: the busy hours of each day, and one bad hour. For tests and benches. */
export async function seedRollups(documents: MetricsDocuments, seed: RollupSeed): Promise<void> {
  const random = seededRandom(11);
  const end = startOf(recordMs.tens, seed.now);
  const first = startOf(24 * hour, new Date(end.getTime() - seed.days * 24 * hour));
  const fine = startOf(hour, new Date(end.getTime() - (seed.fineHours ?? 48) * hour)).getTime();
  const filled: Record<Level, Seen> = { minutes: nothingSeen(), tens: nothingSeen(), hours: nothingSeen() };
  for (let at = first.getTime(); at < fine; at += hour) addSeen(filled.hours, seenAt(at, 60, seed, random));
  for (let at = fine; at < end.getTime(); at += minute) {
    const seen = seenAt(at, 1, seed, random);
    for (const level of levels)
      addSeen(filled[level], movedTo(seen, startOf(recordMs[level], new Date(at)).getTime()));
  }
  const expiresAt = new Date(end.getTime() + 30 * 24 * hour);
  for (const level of levels) {
    for (const document of parts.flatMap((part) => documentsOf(level, part, filled[level], expiresAt))) {
      await documents.create(document);
    }
  }
  const state = { ...initialRollupState, at: end, tensFrom: end, hoursFrom: startOf(hour, end) };
  await documents.create({ id: stateId, content: JSON.stringify(state), expiresAt: null });
  if (seed.badHour) await documents.create(alertsOf(seed.badHour, expiresAt));
}

function alertsOf(badHour: Date, expiresAt: Date): MetricsDocument {
  const alert: LoggedAlert = {
    code: 'objectives_missed',
    subject: 'interactive',
    message: '120 of 240 interactive jobs (50 %) ended after their deadline or failed within 15 minutes.',
    beganAt: new Date(badHour.getTime() + 9 * minute),
    endedAt: new Date(badHour.getTime() + 68 * minute),
  };
  return { id: alertDayId(alert.beganAt), content: JSON.stringify([alert]), expiresAt };
}

function documentsOf<Name extends Part>(
  level: Level,
  part: Name,
  seen: Seen,
  expiresAt: Date,
): MetricsDocument[] {
  return [...byDocument<Name>(level, part, seen[part])].map(([id, records]) => ({
    id,
    content: contentOf(part, records),
    expiresAt,
  }));
}

function movedTo(seen: Seen, at: number): Seen {
  const moved = nothingSeen();
  for (const part of parts) {
    for (const record of seen[part].values()) (moved[part] as Map<number, unknown>).set(at, record);
  }
  return moved;
}

/** What `minutes` minutes from a time on have. */
function seenAt(at: number, minutes: number, seed: RollupSeed, random: () => number): Seen {
  const seen = nothingSeen();
  const isBad =
    seed.badHour !== undefined && at >= seed.badHour.getTime() && at < seed.badHour.getTime() + hour;
  const ofDay = (at / hour) % 24;
  const busy = 0.15 + 0.85 * Math.max(0, Math.sin(((ofDay - 6) / 24) * 2 * Math.PI));
  const jobs = (seed.jobsPerHour * busy * minutes) / 60;
  const record = recordForms.jobs.empty();
  seen.jobs.set(at, record);
  const groups = {
    worker: recordForms.worker.empty(),
    source: recordForms.source.empty(),
    owner: recordForms.owner.empty(),
  };
  for (const kind of kinds) {
    for (const target of ['vm', 'run'] as const) {
      const share = kind.share * (target === 'vm' ? 1 - 0.3 * busy : 0.3 * busy);
      const count = Math.floor(jobs * share + random());
      if (count === 0) continue;
      const cell = cellName({ operation: kind.operation, class: kind.class, target });
      const tally = tallyIn(record.cells, cell);
      fill(tally, count, kind, target, isBad, random);
      const cells = new Map([[cell, tally]]);
      const nth = (most: number) => Math.floor(random() ** 2 * most);
      addCells(cellsOf(groups.worker, target === 'run' ? 'Cloud Run' : `vm-${nth(seed.workers)}`), cells);
      addCells(cellsOf(groups.owner, `owner-${nth(seed.owners)}`), cells);
      addCells(cellsOf(groups.source, kind.class === 'bulk' ? 'uploads/cameras/' : 'web-uploads/'), cells);
    }
  }
  for (const part of ['worker', 'source', 'owner'] as const) {
    const merged = recordForms[part].empty();
    recordForms[part].add(merged, groups[part]);
    seen[part].set(at, merged);
  }
  record.system = {
    samples: minutes,
    oldestMs: { vm: isBad ? 400_000 * random() : 4_000 * busy * random(), run: 900 * random() },
    queued: { vm: minutes * (isBad ? 60 : 4 * busy), run: minutes * busy },
    processing: { vm: minutes * busy * 10, run: minutes * 3 * busy },
    vms: minutes * seed.workers,
    slots: minutes * seed.workers * 2,
    busy: minutes * seed.workers * 2 * Math.min(1, busy * 0.9),
    instances: minutes * 4 * busy,
    paused: isBad ? minutes : 0,
    vmDollars: (minutes / 60) * seed.workers * 0.05,
  };
  if (isBad && at === seed.badHour?.getTime()) {
    record.marks.push(
      {
        at: new Date(at + 5 * minute),
        kind: 'breaker',
        text: 'Cloud Run is paused: Its last 3 jobs failed.',
        by: null,
      },
      {
        at: new Date(at + 40 * minute),
        kind: 'settings',
        text: 'Settings of routing: confidence 1.65 -> 2',
        by: 'ann@example.com',
      },
    );
  }
  const beats = 30 * minutes;
  const load = (base: number) => base + 0.4 * busy * random();
  seen.machines.set(
    at,
    new Map(
      Array.from({ length: seed.workers }, (_, index) => {
        const [cpu, memory] = [load(0.15), load(0.3)];
        const means = {
          cpu: cpu * beats,
          ownCpu: 0.8 * cpu * beats,
          memory: memory * beats,
          ownBytes: 9e8 * beats,
        };
        const most = { mostCpu: Math.min(1, cpu + 0.2), mostMemory: memory + 0.05 };
        return [
          `vm-${index}`,
          { kind: 'vm' as const, beats, ...means, ...most, slots: 2 * beats, busy: busy * beats },
        ] as const;
      }),
    ),
  );
  return seen;
}

function fill(
  tally: Tally,
  count: number,
  kind: (typeof kinds)[number],
  target: 'vm' | 'run',
  isBad: boolean,
  random: () => number,
): void {
  const failed = Math.floor(count * (isBad ? 0.12 : 0.015) + random() * 0.8);
  const succeeded = Math.max(0, count - failed);
  const code: FailureCode = isBad && random() < 0.7 ? 'processing_timeout' : kind.failed;
  tally.decided = { [target === 'vm' ? 'vm_in_time' : 'run_vm_late']: count };
  tally.succeeded = succeeded;
  tally.failed = failed;
  if (failed > 0) tally.codes = { [code]: failed };
  if (code !== 'processing_timeout') tally.refused = failed;
  const missed = Math.floor(succeeded * (isBad ? 0.5 : 0.012) + random() * 0.5);
  tally.missed = missed + (failed - tally.refused);
  tally.kept = succeeded - missed;
  // A histogram of a sample says as much.
  const drawn = Math.min(succeeded, 60);
  const slow = isBad ? 12 : 1;
  for (let index = 0; index < drawn; index++) {
    const wait = kind.waitMs * slow * Math.exp(1.1 * (random() + random() - 1));
    const run = kind.runMs * Math.exp(0.7 * (random() + random() - 1));
    observe(tally.wait, wait);
    observe(tally.run, run);
    observe(tally.total, wait + run + 120);
  }
  tally.slotMs = succeeded * kind.runMs;
  tally.billed = succeeded;
  tally.billedMs = succeeded * Math.ceil((kind.runMs + 180) / 100) * 100;
  tally.dollars = runDollarsOf(tally, defaultRoutingSettings);
  tally.predicted = tally.dollars * (0.7 + 0.4 * random());
}
