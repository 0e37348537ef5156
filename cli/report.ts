import type { FileOutcome } from './process-files.ts';

type Failure = Extract<FileOutcome, { kind: 'failed' }>;

/** What is printed of a result for people. */
export function textOf(outcome: Exclude<FileOutcome, Failure>): string {
  return outcome.kind === 'captioned' ? outcome.caption.caption : outcome.out;
}

export function describeFailure(input: string, { code, message }: Failure): string {
  return `${input}: failed (${code}): ${message}`;
}

/** What is printed with `--json`. `input` is named where there is more than one file, and with an error. */
export function jsonOf(outcome: FileOutcome, input: string | null): object {
  const named = input === null ? {} : { input };
  switch (outcome.kind) {
    case 'captioned': {
      const { caption, ids, beams } = outcome.caption;
      return { ...named, caption, ids, beams, model: outcome.model };
    }
    case 'made': {
      const { out, width, height, model } = outcome;
      return { ...named, out, width, height, model };
    }
    case 'failed':
      return { ...named, error: { code: outcome.code, message: outcome.message } };
    default:
      return outcome satisfies never;
  }
}

/** Says once where results are from a built-in model, and how to get the real one. */
export function noteBuiltIn(outcomes: readonly FileOutcome[]): void {
  const models = outcomes.map((outcome) => (outcome.kind === 'failed' ? null : outcome.model));
  const builtIn = models.find((model) => model?.builtIn);
  if (!builtIn) return;
  console.error(`Made by the built-in demo model (${builtIn.name}). The real one: ${builtIn.install}`);
}
