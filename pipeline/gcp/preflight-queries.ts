import { Timestamp } from '@google-cloud/firestore';
import type { JobFilter } from '@spillway/core/job-filter.ts';
import { wholeLine } from '@spillway/core/routing/lanes.ts';
import { type NewJob, reserved } from '@spillway/core/transitions.ts';
import type { JobPorts, Stored } from '../ports/jobs.ts';
import type { CheckedCloud } from './preflight.ts';

const longAgo = new Date(0);

/** A job that nobody has: sums ask what is ahead of it, which is nothing. */
const nobodys: NewJob = {
  id: 'preflight',
  operation: 'preflight',
  options: {},
  owner: 'preflight',
  source: {
    bucket: 'preflight',
    name: 'preflight',
    generation: '0',
    size: 0,
    contentType: null,
    timeCreated: longAgo,
    pixels: null,
  },
  class: 'interactive',
  batch: 'preflight',
  batchSize: null,
  batchIndex: null,
  upload: null,
  run: 1,
  retryOf: null,
  rerunOf: null,
  reservation: 'preflight',
  trace: null,
  objectiveMs: 0,
  clockStartsAt: longAgo,
  workMs: 0,
};

/**
 * The queries of the job documents, as small as can be: Firestore refuses one that lacks an index whatever its result.
 */
export function preflightQueries({ jobs, sums, backlog, feed }: JobPorts): CheckedCloud['queries'] {
  const time = Timestamp.fromDate(longAgo);
  const stored: Stored = {
    job: reserved(nobodys, longAgo),
    version: { createTime: time, updateTime: time },
    updatedAt: longAgo,
    readAt: longAgo,
  };
  const promised = (answers: unknown[]) => answers.map((answer) => Promise.resolve(answer));
  return {
    routing: () =>
      promised([
        sums.ledgerInTurn(stored, (ownMs) => new Date(ownMs)),
        sums.running(),
        sums.waitingBefore('vm', longAgo),
        sums.arrivedSince(new Date(Date.now() + dayMs)),
        sums.arrivedOf('sketch', longAgo, longAgo),
        // What has not happened yet is quickly counted.
        sums.succeededSince('run', new Date(Date.now() + dayMs)),
        sums.failedSince('run', new Date(Date.now() + dayMs), 1),
        sums.runDollars(longAgo, longAgo),
        sums.batchBefore(stored),
        backlog.line('vm', 1),
        backlog.heads(wholeLine, 1),
        backlog.line('run', 1),
        backlog.oldestWaiting('vm'),
        backlog.deferred(1),
        backlog.unpublished(yearsMs, 1),
        backlog.published(yearsMs, 1),
        backlog.abandoned(1),
        backlog.outboxes(yearsMs, 1),
      ]),
    site: () =>
      promised([
        feed.find({}, 1, null),
        ...filters.map((filter) => feed.find(filter, 1, null)),
        feed.countOpen(),
        feed.count(filters[0], 1),
        feed.firstFailed('internal', new Date(Date.now() + dayMs)),
        jobs.ofSource(nobodys.source),
      ]),
  };
}

const dayMs = 24 * 3_600_000;
const yearsMs = 10 * 365 * dayMs;
const name = 'preflight';
const longestEdge = 3_600_000;
/** Each field of a filter needs an index with the order of the list; several fields need no more. */
const filters = [
  { owner: name },
  { upload: name },
  { batch: name },
  { operation: name },
  { state: 'queued' },
  { target: 'vm' },
  { class: 'bulk' },
  { reason: 'run_probe' },
  { errorCode: 'internal' },
  { worker: name },
  { source: name },
  { name: { kind: 'words', words: [name] } },
  { atLeastMs: longestEdge },
] as const satisfies JobFilter[];
