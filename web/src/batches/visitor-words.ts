import { type FailureCode, failureCodes } from '@spillway/core/errors.ts';
import type { JobError } from '@spillway/core/job.ts';

/** What a small model that comes with the service means for its results. */
export const builtInModelMeaning =
  'This service works with small models of its own here. They do simple pictures well, and miss details of photographs.';

/** Failures that only the people who run the service can mend. Their details are written for these people. */
const notOfThePicture: Partial<Record<FailureCode, string>> = {
  unknown_operation: 'This cannot be made here any more.',
  model_missing: 'This cannot be made here at the moment. Your picture is fine.',
  model_invalid: 'This cannot be made here at the moment. Your picture is fine.',
  service_refused: 'This cannot be made here at the moment. Your picture is fine.',
  internal: 'Something went wrong on our side. Your picture is fine.',
};

/** Why a job failed, for the visitor whose picture it is. `detail` is about the picture itself; null if it adds nothing. */
export function visitorFailure({ code, message }: JobError): { summary: string; detail: string | null } {
  const ours = notOfThePicture[code];
  if (ours !== undefined) return { summary: ours, detail: null };
  const summary = failureCodes[code];
  const detail = withoutAdvice(message);
  return { summary, detail: detail === '' || detail === summary ? null : detail };
}

/** The notes about a result, without what is advice for the people who run the service. */
export function visitorNotes(notes: readonly string[]): string[] {
  return notes.map(withoutAdvice).filter((note) => note !== '');
}

/** Sentences that name a command, an option of one, a file of the installation, or how a model was installed. */
const advice =
  /`|\bnpx\b|(^|\s)--[a-z]|\.(json|onnx|safetensors)\b|\/[\w.-]+\/|the model \S+ wants its input/i;

function withoutAdvice(text: string): string {
  const sentences = text.split(/(?<=[.!?])\s+(?=[A-ZÄÖÜ])/u);
  return sentences.filter((sentence) => !advice.test(sentence)).join(' ');
}
