import { z } from 'zod';
import { countOf, formatShare } from '../amounts.ts';
import { instant, type JobClass, jobClasses } from '../job.ts';
import type { Alert } from '../routing/alerts.ts';
import type { ClassFigures, Figures } from './figures.ts';
import { alertMinutes, mostMissed } from './rollup-alerts.ts';

/** Where an admin looks into it. */
export const verdictPlaces = ['overview', 'jobs', 'workers', 'routing', 'cloud-run'] as const;

/** The dashboard's first line. */
export const verdictSchema = z.discriminatedUnion('kind', [
  /** `since`: when that began; null where nobody has noted it. */
  z.object({
    kind: z.literal('wrong'),
    sentence: z.string(),
    since: instant.nullable(),
    where: z.enum(verdictPlaces),
    /** Whether it is to be told at once, over whatever is being read. */
    urgent: z.boolean(),
    /** Alerts beside the one that the sentence is about. */
    others: z.int().min(0),
  }),
  z.object({ kind: z.literal('healthy'), sentence: z.string() }),
  /** Nothing has ended of late. */
  z.object({ kind: z.literal('idle'), sentence: z.string() }),
]);
export type Verdict = z.infer<typeof verdictSchema>;

const places: Record<Alert['code'], (typeof verdictPlaces)[number]> = {
  uploads_refused: 'overview',
  nothing_takes_work: 'workers',
  run_paused: 'cloud-run',
  run_over_budget: 'routing',
  vm_paused: 'workers',
  worker_lacks: 'workers',
  settings_invalid: 'routing',
  heartbeats_ignored: 'workers',
  passed_over: 'jobs',
  objectives_missed: 'jobs',
  failures: 'jobs',
  backlog_old: 'workers',
  dead_letters: 'jobs',
};

/** Nothing goes on, or not as somebody has asked for. */
export const urgentCodes: ReadonlySet<Alert['code']> = new Set<Alert['code']>([
  'uploads_refused',
  'nothing_takes_work',
  'worker_lacks',
  'settings_invalid',
]);

/**
 * One line that says whether all is well, and if not, what is wrong, since when, and where to look.
 * @param alerts The worst first.
 * @param recent What the jobs of the last `alertMinutes` did.
 */
export function verdictOf(
  alerts: readonly (Alert & { since: Date | null })[],
  recent: Figures,
  readyVms: number,
): Verdict {
  const [worst] = alerts;
  if (worst) {
    return {
      kind: 'wrong',
      sentence: worst.message,
      since: worst.since,
      where: places[worst.code],
      urgent: urgentCodes.has(worst.code),
      others: alerts.length - 1,
    };
  }
  const { interactive, bulk } = recent.classes;
  const ended = interactive.ended + bulk.ended;
  const within = `in the last ${alertMinutes} minutes`;
  const ready = `${countOf(readyVms, 'VM is', 'VMs are')} ready`;
  if (ended === 0) return { kind: 'idle', sentence: `No job ended ${within}; ${ready}.` };
  const failed = interactive.failed + bulk.failed;
  const refused = interactive.refused + bulk.refused;
  const words = [
    ...jobClasses.flatMap((each) => keptWords(each, recent)),
    `${failed === 0 ? 'none' : failed} of ${countOf(ended, 'job')} failed${blameWords(failed, refused)}`,
  ];
  const isWell =
    failed === refused && jobClasses.every((each) => missedShare(recent.classes[each]) <= mostMissed);
  const sentence = `${isWell ? 'Healthy' : 'Working'}: ${words.join(', ')} ${within}; ${ready}.`;
  return { kind: 'healthy', sentence };
}

/** So few jobs say nothing about a share. */
const fewestJobs = 10;

function keptWords(each: JobClass, { classes }: Figures): string[] {
  const { kept, missed } = classes[each];
  const all = kept + missed;
  if (all === 0) return [];
  return [
    all < fewestJobs
      ? `${kept} of ${all} ${each} in time`
      : `${formatShare(kept / all)} of ${each} jobs in time`,
  ];
}

function blameWords(failed: number, refused: number): string {
  if (refused === 0) return '';
  return refused === failed ? ' (for what was sent)' : ` (${refused} for what was sent)`;
}

function missedShare({ kept, missed }: ClassFigures): number {
  return missed / Math.max(1, kept + missed);
}
