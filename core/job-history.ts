import type { HistoryEntry, Job, Route } from './job.ts';
import { shownText } from './text.ts';

/** Entries that a document keeps. With the bounds of their texts, a history takes less than 16 KiB. */
export const mostEntries = 24;
/** Of a longer history, the beginning stays, and the latest entries. One entry says how many are missing between them. */
const keptFirst = 6;
const keptLast = mostEntries - keptFirst - 1;
/** Bytes of UTF-8 that an entry keeps of a decision's explanation, and of a worker's name. */
const mostBytes = { explanation: 320, worker: 120 } as const;

/** The job with one more entry in its history. Only writes that happen anyway add one. */
export function withEntry(job: Job, entry: HistoryEntry): Job {
  return { ...job, history: bounded([...job.history, entry]) };
}

function bounded(entries: HistoryEntry[]): HistoryEntry[] {
  if (entries.length <= mostEntries) return entries;
  const dropped = entries.slice(keptFirst, -keptLast);
  const at = dropped.at(-1)?.at ?? new Date(0);
  const count = dropped.reduce((sum, each) => sum + (each.kind === 'left_out' ? each.entries : 1), 0);
  return [
    ...entries.slice(0, keptFirst),
    { kind: 'left_out', at, entries: count },
    ...entries.slice(-keptLast),
  ];
}

/** What a decision chose and expected. The document itself keeps the latest decision alone. */
export function decidedEntry({
  target,
  movedFrom,
  epoch,
  reason,
  explanation,
  predicted,
  at,
}: Route): HistoryEntry {
  const side = predicted?.[target] ?? null;
  return {
    kind: 'decided',
    at,
    epoch,
    target,
    movedFrom: epoch === 0 ? null : movedFrom,
    reason,
    explanation: shownText(explanation, mostBytes.explanation),
    budgetMs: predicted?.budgetMs ?? null,
    predicted: side && {
      waitMs: side.waitMs,
      serviceMs: side.serviceMs,
      ioMs: side.ioMs,
      finishMs: side.finishMs,
      dollars: side.dollars,
      inTime: side.inTime,
    },
  };
}

/** The name of a worker as entries have it. */
export function workerOfEntry(worker: string): string {
  return shownText(worker, mostBytes.worker);
}

/** The history without its last entry, where that says that the message was published. */
export function withoutPublished(job: Job): Job {
  return job.history.at(-1)?.kind === 'published' ? { ...job, history: job.history.slice(0, -1) } : job;
}
