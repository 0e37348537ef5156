import { OutageError, RefusedError } from '@spillway/core/errors.ts';
import { StartError } from '@spillway/supervisor/start-error.ts';

/** What says in one sentence what to do is for the person who starts, and anything else is a fault. */
export function explainedStart(error: unknown): unknown {
  const isExplained = error instanceof RefusedError || error instanceof OutageError;
  return isExplained ? new StartError(error.message, { cause: error }) : error;
}
