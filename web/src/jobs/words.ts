import { countOf, formatShare } from '@spillway/core/amounts.ts';
import { failureCodes } from '@spillway/core/errors.ts';
import type { JobError, JobState, Route, Target } from '@spillway/core/job.ts';
import type { JobView } from '@spillway/web/api/schema.ts';
import { manifestFor } from '../operations/known-operations.ts';

/** The word for an operation at work, a present participle. */
export function activityOf(operation: string): string {
  return manifestFor(operation)?.words.activity ?? 'Working';
}

/** The result of a job and its picture: `Cut-out of cat.jpg`. */
export function resultOf(operation: string, pictureName: string): string {
  return `${resultLabel(operation)} of ${pictureName}`;
}

/** What comes out of an operation, such as 'Cut-out'. */
export function resultLabel(operation: string): string {
  return manifestFor(operation)?.words.result ?? operationLabel(operation);
}

/** The same within a sentence: 'the cut-out'. */
export function resultNoun(operation: string): string {
  return resultLabel(operation).toLowerCase();
}

/** An operation's name for people; the name itself where it is not one of ours. */
export function operationLabel(operation: string): string {
  return manifestFor(operation)?.words.label ?? (operation === '' ? 'No operation' : operation);
}

/** A job's state in a word or two. */
export function stateLabel({ state, operation, progress }: JobView): string {
  switch (state) {
    case 'queued':
      return 'Waiting';
    case 'processing':
      return progress ? `Model, ${formatShare(progress.share)}` : activityOf(operation);
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

/** Says that a job was queued again, and where it waits now; null while it is where it was routed first. */
export function movedWords({ target, movedFrom, epoch }: Route): string | null {
  if (epoch === 0) return null;
  const to = movedFrom === null ? 'queued again' : `moved to ${targetLabel(target)}`;
  return epoch > 1 ? `${to}, queued ${countOf(epoch + 1, 'time')} in all` : to;
}

/** Why a job failed: the code's plain words, then the details of this case. */
export function failureWords(error: JobError): { summary: string; detail: string | null } {
  const summary = failureCodes[error.code];
  return { summary, detail: error.message === summary ? null : error.message };
}

/** Why a job ended without a result and without a failure. */
export function endedWords(state: JobState): string | null {
  if (state === 'superseded') return 'A newer file of the same name took its place.';
  if (state === 'cancelled') return 'It was stopped, or its file was deleted, before it was done.';
  return null;
}

/** `Downloading the model, 43 %`, or that the model is awaited while no byte has come. */
export function downloadWords(share: number): string {
  return share === 0 ? 'Waiting for the model' : `Downloading the model, ${formatShare(share)}`;
}

export interface TextWithCommand {
  before: string;
  /** A command for a terminal; null if the text has none. */
  command: string | null;
  after: string;
}

/** Finds the command that a message tells people to run: in backticks, or from `npx` to the end of its sentence. */
export function withCommand(text: string): TextWithCommand {
  const [found, quoted, plain] =
    /`([^`]+)`|\b(npx spillway\b.*?)(?=[.,;:]?(?:\s+[A-Z]|\s*$))/s.exec(text) ?? [];
  const command = quoted ?? plain ?? null;
  if (found === undefined || command === null) return { before: text, command: null, after: '' };
  const at = text.indexOf(found);
  return { before: text.slice(0, at), command, after: text.slice(at + found.length) };
}

/** A note about a built-in model. */
export const builtInModelNote =
  'A small model, trained on computer drawings alone: it is not made for the details of photographs.';
