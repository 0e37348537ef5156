import { failureCodes } from '@spillway/core/errors.ts';
import type { JobError, JobState, Target } from '@spillway/core/job.ts';
import { isOperationName, operations } from '@spillway/core/operations.ts';

/** What is happening while an operation runs. */
const activities: Record<string, string> = {
  sketch: 'Drawing',
  'remove-background': 'Cutting out',
  caption: 'Describing',
};

/** The present participle that stands for an operation at work. */
export function activityOf(operation: string): string {
  return activities[operation] ?? 'Working';
}

/** An operation's name for people; the name itself where it is not one of ours. */
export function operationLabel(operation: string): string {
  if (isOperationName(operation)) return operations[operation].label;
  return operation === '' ? 'No operation' : operation;
}

/** A job's state in a word or two. */
export function stateLabel(state: JobState, operation: string): string {
  switch (state) {
    case 'queued':
      return 'Waiting';
    case 'processing':
      return activityOf(operation);
    case 'succeeded':
      return 'Done';
    case 'failed':
      return 'Failed';
    case 'superseded':
      return 'Replaced';
    case 'cancelled':
      return 'Cancelled';
    default:
      return state satisfies never;
  }
}

/** Where a job runs, for people. */
export function targetLabel(target: Target): string {
  return target === 'vm' ? 'VM pool' : 'Cloud Run';
}

/** Why a job failed: the code's plain words first, then what this case adds to them. */
export function failureWords(error: JobError): { summary: string; detail: string | null } {
  const summary = failureCodes[error.code];
  return { summary, detail: error.message === summary ? null : error.message };
}

/** Why a job that ended without a result and without a failure has none. */
export function endedWords(state: JobState): string | null {
  if (state === 'superseded') return 'A newer file of the same name took its place.';
  if (state === 'cancelled') return 'It was stopped, or its file was deleted, before it was done.';
  return null;
}
