import { doingsOf } from './doings.ts';
import { healthOf } from './health.ts';
import { latenessOf } from './lateness.ts';
import { lossesOf, notLookedAt } from './losses.ts';
import type { Sentence } from './sentence.ts';
import { spendingOf } from './spending.ts';
import type { SystemReading } from './system-reading.ts';

/** The questions that an operator asks, in this order. */
export const questions = {
  healthy: 'Is it healthy?',
  late: 'Is it late?',
  lost: 'Is something lost?',
  expensive: 'Is it expensive?',
  who: 'Who did that?',
} as const;
export type Question = keyof typeof questions;

/**
 * `wrong`: a person has to do something. `not_looked_at`: nothing that was looked at is wrong, and something could not be
 * looked at.
 */
export type Verdict = 'healthy' | 'wrong' | 'not_looked_at';

export interface Diagnosis {
  verdict: Verdict;
  /** What is wrong first, then what is worth knowing, then what is as it should be. */
  answers: Record<Question, Sentence[]>;
  notLookedAt: Sentence[];
}

/** Judges a system by what was read of it. Pure, so that every place that asks gives the same answers. */
export function diagnose(reading: SystemReading): Diagnosis {
  const answers: Diagnosis['answers'] = {
    healthy: inOrder(healthOf(reading)),
    late: inOrder(latenessOf(reading)),
    lost: inOrder(lossesOf(reading)),
    expensive: inOrder(spendingOf(reading)),
    who: doingsOf(reading),
  };
  const missing = notLookedAt(reading);
  const isWrong = Object.values(answers).some((sentences) =>
    sentences.some(({ weight }) => weight === 'wrong'),
  );
  const verdict = isWrong ? 'wrong' : missing.length > 0 ? 'not_looked_at' : 'healthy';
  return { verdict, answers, notLookedAt: missing };
}

const order = { wrong: 0, note: 1, fine: 2 } as const;

function inOrder(sentences: Sentence[]): Sentence[] {
  return sentences.toSorted((a, b) => order[a.weight] - order[b.weight]);
}
