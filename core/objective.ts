import type { FailureCode } from './errors.ts';
import type { Job, JobError } from './job.ts';

/** Failures for which neither the picture nor its sender is to blame. */
const ours: ReadonlySet<FailureCode> = new Set<FailureCode>([
  'model_missing',
  'model_invalid',
  'service_refused',
  'internal',
]);
/** Failures that say what is wrong with the picture or with the request: no target could have been in time. */
const refusals: ReadonlySet<FailureCode> = new Set<FailureCode>([
  'unknown_operation',
  'too_many_operations',
  'invalid_options',
  'empty_file',
  'file_too_large',
  'unsupported_type',
  'corrupt_image',
  'image_too_large',
  'aspect_too_extreme',
  'invalid_text',
]);

/**
 * Whether a job that has ended kept its objective: it succeeded by its deadline. Null where the objective says nothing
 * of it, because it was refused for what was sent, or because nobody wanted it any more.
 */
export function keptObjective({ state, endedAt, deadlineAt, error }: Job): boolean | null {
  switch (state) {
    case 'succeeded':
      return endedAt !== null && endedAt <= deadlineAt;
    case 'failed':
      return error && isSendersFault(error) ? null : false;
    case 'superseded':
    case 'cancelled':
    case 'queued':
    case 'processing':
      return null;
    default:
      return state satisfies never;
  }
}

function isSendersFault({ code, blame }: JobError): boolean {
  return !ours.has(code) && (refusals.has(code) || blame === 'input');
}
