import type { Diagnosis } from '@spillway/core/diagnosis/diagnosis.ts';
import { questions } from '@spillway/core/diagnosis/diagnosis.ts';
import type { Sentence, Weight } from '@spillway/core/diagnosis/sentence.ts';
import { printable } from './arguments.ts';

const marks: Record<Weight, string> = { wrong: '!', note: '-', fine: ' ' };

/** The answers as a person reads them: what is wrong begins with `!`, and what to do about it follows in its own line. */
export function diagnosisLines({ verdict, answers, notLookedAt }: Diagnosis): string[] {
  const asked = Object.entries(questions).flatMap(([question, text]) => [
    text,
    ...linesOf(answers[question as keyof typeof questions]),
    '',
  ]);
  const rest = notLookedAt.length > 0 ? [...linesOf(notLookedAt), ''] : [];
  return [...asked, ...rest, ...conclusions[verdict](countWrong(answers))];
}

function linesOf(sentences: readonly Sentence[]): string[] {
  return sentences.flatMap(({ weight, what, mend }) => [
    `${marks[weight]} ${printable(what)}`,
    ...(mend === null ? [] : [`    ${printable(mend)}`]),
  ]);
}

const conclusions: Record<Diagnosis['verdict'], (wrong: number) => string[]> = {
  healthy: () => ['Nothing is wrong.'],
  wrong: (wrong) => [`${wrong === 1 ? 'One thing is' : `${wrong} things are`} wrong.`],
  not_looked_at: () => ['Nothing of what was looked at is wrong.'],
};

function countWrong(answers: Diagnosis['answers']): number {
  return Object.values(answers)
    .flat()
    .filter(({ weight }) => weight === 'wrong').length;
}
