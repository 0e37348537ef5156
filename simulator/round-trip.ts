import { isThenable, Pending, type Thenable } from '@spillway/core/steps.ts';
import { drawDelay } from './jobs.ts';
import type { Random } from './random.ts';
import type { Delay } from './scenario.ts';
import type { Engine, Time } from './virtual-time.ts';

/** What lies between a program and a service. */
export interface Line {
  engine: Engine;
  /** The program's own time: a machine that stalls reads an answer late, and one that died reads none. */
  home: Time;
  random: Random;
}

/**
 * Asks a service that is some milliseconds of virtual time away. It does what it is asked half-way, also where the program
 * has died by then.
 * @param served Told the answer when the service has it.
 */
export function roundTrip<Answer>(
  delay: Delay,
  ask: () => Answer,
  { engine, home, random }: Line,
  served: (answer: Awaited<Answer>) => void = ignore,
): Answer {
  if (delay.medianMs === 0) return answeredAtOnce(ask, served);
  const ms = drawDelay(delay, random);
  const returned = new Pending<unknown>();
  let answer: unknown;
  let problem: { error: unknown } | null = null;
  engine.after(ms / 2, () => {
    try {
      answer = answeredAtOnce(ask, served);
    } catch (error) {
      problem = { error };
    }
  });
  home.after(ms, () => {
    if (problem) returned.reject(problem.error);
    else returned.resolve(answer);
  });
  return returned as Thenable<unknown> as Answer;
}

function answeredAtOnce<Answer>(ask: () => Answer, served: (answer: Awaited<Answer>) => void): Answer {
  const answer = ask();
  if (isThenable(answer)) throw new Error('A service of virtual time has to answer at once.');
  served(answer as Awaited<Answer>);
  return answer;
}

function ignore(): void {}
