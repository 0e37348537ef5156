import type { Span } from '@opentelemetry/api';
import { UnreadableDocumentError } from '@spillway/core/errors.ts';
import { machineErrorOf } from '@spillway/core/machine-lack.ts';
import { type JobMessage, parseJobMessage, probeOf } from '@spillway/core/messages.ts';
import { spanAttributes } from '@spillway/core/spans.ts';
import { overTime, type Steps, waitFor } from '@spillway/core/steps.ts';
import { type ClaimAnswer, claimJob } from './claim.ts';
import { endPoisonJob, executeJob } from './execute-job.ts';
import type { Executor } from './executor.ts';
import { givenBack, type Outcome } from './outcome.ts';
import type { Delivery } from './ports/consumer.ts';
import { claimFirstInLine, claimInTurn } from './take-turn.ts';
import { tellDeadLetter } from './telemetry/facts.ts';
import { addSpan, linksTo, markFailed, traced } from './telemetry/traced.ts';
import { answerTrial } from './try-out.ts';

/** Reads the data of a message, and handles it. Never throws. */
export function receiveMessage(delivery: Delivery, executor: Executor): Promise<Outcome> {
  return overTime(receiving(delivery, executor));
}

/** The same, as steps. */
export function* receiving({ data, trace }: Delivery, executor: Executor): Steps<Outcome> {
  const parsed = parseJobMessage(data);
  switch (parsed.kind) {
    case 'message':
      return yield* handling(parsed.message, executor, trace);
    case 'newer':
      return { kind: 'newer', ack: false, why: `The message is of the newer version ${parsed.version}.` };
    case 'malformed':
      return yield* waitFor(putAside(data, parsed.problem, executor));
    default:
      return parsed satisfies never;
  }
}

/**
 * Executes the job that a message gives this worker: on Cloud Run the job that it names, on a VM the one whose turn it
 * is. A message that comes several times has the effect of one. Never throws: a failure that may pass is `given_back`.
 */
export function handleMessage(
  message: JobMessage,
  executor: Executor,
  trace: string | null = null,
): Promise<Outcome> {
  return overTime(handling(message, executor, trace));
}

/** The same, as steps. */
export function handling(
  message: JobMessage,
  executor: Executor,
  trace: string | null = null,
): Steps<Outcome> {
  const probe = probeOf(message);
  if (probe !== null) return neverThrowing(answerTrial(probe, executor), executor);
  const claim = executor.target === 'vm' ? claimInTurn : claimJob;
  return neverThrowing(
    readingOrPuttingAside(
      message,
      executing(claim(message, executor), executor, { message, trace }),
      executor,
    ),
    executor,
  );
}

/** A message about a document that nobody can read would bring it again and again: it is kept for a person instead. */
function* readingOrPuttingAside(
  message: JobMessage,
  work: Steps<Outcome>,
  executor: Executor,
): Steps<Outcome> {
  try {
    return yield* work;
  } catch (error) {
    if (!(error instanceof UnreadableDocumentError)) throw error;
    if (error.isNewer) return { kind: 'newer', ack: false, why: 'The job is of a newer version.' };
    return yield* waitFor(putAside(JSON.stringify(message), error.message, executor));
  }
}

/** Executes the job that is first in the VMs' line, without a message. Never throws. */
export function handleNextInLine(executor: Executor): Promise<Outcome> {
  return overTime(handlingNextInLine(executor));
}

/** The same, as steps. */
export function handlingNextInLine(executor: Executor): Steps<Outcome> {
  const withoutMessage = { ...executor, hasMessage: false };
  return executeClaimed(claimFirstInLine(withoutMessage), withoutMessage);
}

/** Executes what a claim gives this worker. Never throws. */
export function executeClaimed(claim: Steps<ClaimAnswer | null>, executor: Executor): Steps<Outcome> {
  return neverThrowing(executing(claim, executor), executor);
}

/** What brought a worker to a job. */
interface Delivered {
  message: JobMessage;
  trace: string | null;
}

function* executing(
  claim: Steps<ClaimAnswer | null>,
  executor: Executor,
  delivered: Delivered | null = null,
): Steps<Outcome> {
  const startedAt = Date.now();
  const answer = yield* claim;
  if (answer === null) return { kind: 'nothing_waits', ack: true };
  switch (answer.kind) {
    case 'claimed':
      return yield* deliver(answer, startedAt, delivered, executor);
    case 'poison':
      return yield* endPoisonJob(answer.job, executor);
    case 'newer':
      return { kind: 'newer', ack: false, why: 'The job is of a newer version.' };
    case 'dropped':
      return { ...answer, ack: true };
    default:
      return answer satisfies never;
  }
}

/** An attempt, traced from the delivery on. It is linked to its message, which on a VM may have named another job. */
function deliver(
  { stored, token }: Extract<ClaimAnswer, { kind: 'claimed' }>,
  startedAt: number,
  delivered: Delivered | null,
  executor: Executor,
): Steps<Outcome> {
  const { job } = stored;
  const { ports, worker, target } = executor;
  const claimedAt = Date.now();
  function* attempt(span: Span): Steps<Outcome> {
    addSpan('claim', job, claimedAt, ports, { startedAt });
    const outcome = yield* executeJob(stored, token, executor);
    span.setAttribute(spanAttributes.outcome, outcome.kind);
    if (outcome.kind === 'failed') markFailed(span, outcome.error.code);
    if (outcome.kind === 'given_back') markFailed(span, outcome.kind);
    return outcome;
  }
  return traced('deliver', job, attempt, ports, {
    startedAt,
    links: linksTo(delivered?.message.jobId === job.id ? delivered.trace : null),
    attributes: {
      [spanAttributes.target]: target,
      [spanAttributes.worker]: worker,
      [spanAttributes.attempt]: job.attempt,
      [spanAttributes.epoch]: job.route.epoch,
    },
  });
}

function* neverThrowing(work: Steps<Outcome>, executor: Executor): Steps<Outcome> {
  try {
    return yield* work;
  } catch (error) {
    executor.ports.log.warn({ error }, 'A message was not handled to its end; it will come again.');
    const fault = machineErrorOf(error);
    return givenBack(error, { lack: fault && { what: fault.lack, wantedBytes: 0 } });
  }
}

/** A message that cannot be read, or whose job cannot, would be as unreadable the next time. It is kept for a person. */
async function putAside(data: string, why: string, { ports }: Executor): Promise<Outcome> {
  try {
    await ports.queue.bury(data, why);
    tellDeadLetter('message', ports);
    ports.log.error(
      { problem: why },
      'A message, or its job, could not be read: it was put aside in jobs-dead.',
    );
    return { kind: 'malformed', ack: true, why };
  } catch (error) {
    ports.log.error(
      { problem: why, error },
      'A message, or its job, could not be read, nor be put aside yet.',
    );
    return { kind: 'malformed', ack: false, why };
  }
}
