import { printable } from './arguments.ts';
import type { FailedFile, FileOutcome } from './process-files.ts';

/** The line that people see for a result; null if the result itself went to standard output. */
export function textOf(outcome: Exclude<FileOutcome, FailedFile>): string | null {
  if (outcome.kind === 'said') return outcome.text;
  return outcome.out === null ? null : printable(outcome.out);
}

export function describeFailure(input: string, { code, message }: FailedFile): string {
  return `${printable(input)}: failed (${code}): ${printable(message)}`;
}

/** The object that `--json` prints. It has `input` if there is more than one file, or an error. */
export function jsonOf(outcome: FileOutcome, input: string | null): object {
  const named = input === null ? {} : { input };
  switch (outcome.kind) {
    case 'said':
      return { ...named, ...outcome.document, model: outcome.model, ...notesOf(outcome) };
    case 'made': {
      const { out, width, height, model } = outcome;
      return { ...named, out, width, height, model, ...notesOf(outcome) };
    }
    case 'failed':
      return { ...named, error: { code: outcome.code, message: outcome.message } };
    default:
      return outcome satisfies never;
  }
}

function notesOf({ notes }: { notes: string[] }): { notes?: string[] } {
  return notes.length > 0 ? { notes } : {};
}

/** Prints a result's notes on standard error. */
export function tellNotes(input: string, outcome: FileOutcome): void {
  if (outcome.kind === 'failed') return;
  for (const note of outcome.notes) console.error(`${printable(input)}: ${note}`);
}

/** Says once that results are from a built-in model, and how to get the real one. */
export function noteBuiltIn(outcomes: readonly FileOutcome[]): void {
  const models = outcomes.map((outcome) => (outcome.kind === 'failed' ? null : outcome.model));
  const builtIn = models.find((model) => model?.builtIn);
  if (!builtIn) return;
  console.error(`Made by the built-in demo model (${builtIn.name}). The real one: ${builtIn.install}`);
}
