import { type AdminAction, type AuditOutcome, adminActions, tokenHolder } from '@spillway/core/audit.ts';

const actionWords: Record<AdminAction, string> = {
  change_settings: 'changed the routing',
  change_sources: 'changed the rules for senders',
  undo_settings: 'undid a change of',
  pause_run: 'paused',
  resume_run: 'let take work again',
  drain_worker: 'drained the worker',
  end_drain: 'ended the drain of the worker',
  resume_worker: 'resumed the worker',
  retry_job: 'retried the job',
  rerun_job: 'ran something else on the picture of the job',
  cancel_job: 'cancelled the job',
  delete_job: 'deleted the job',
  retry_jobs: 'retried',
  cancel_jobs: 'cancelled',
  delete_jobs: 'deleted',
  replay_letter: 'replayed the dead letter',
  discard_letter: 'threw away the dead letter',
  retry_batch: 'retried what failed in the batch',
  cancel_batch: 'cancelled what was open in the batch',
  rerun_batch: 'ran something on all pictures of the batch',
  delete_batch: 'deleted the batch',
  create_key: 'made the API key',
  revoke_key: 'revoked the API key',
};

/** Who did it, at the beginning of a line. */
export function whoLabel(by: string): string {
  return by === tokenHolder ? 'The admin token' : by;
}

/** What was done, before its subject. A later version of the server may write an action that this page does not know. */
export function actionLabel(action: string): string {
  const known = adminActions.find((each) => each === action);
  return known ? actionWords[known] : action.replaceAll('_', ' ');
}

/** How it ended, where that is not as wanted; null where it is. */
export const outcomeWords: Record<AuditOutcome, string | null> = {
  done: null,
  refused: 'refused',
  begun: 'not known whether it was done',
};
