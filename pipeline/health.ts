import type { Awaitable } from '@spillway/core/steps.ts';

/** How a program is, for whatever decides whether to wait for it, to send it work, or to replace it. */
export type HealthReport =
  | { status: 'starting' }
  | { status: 'ready' }
  /** It works, and other programs of its machine do not. */
  | { status: 'failing'; detail: string }
  /** The database has not answered for a while. */
  | { status: 'unreachable'; detail: string };

export interface Health {
  /** The program works from now on. `ask` asks the database anything, and throws where it does not answer. */
  begin(ask: () => Awaitable<unknown>): void;
  report(): Promise<HealthReport>;
}

/** A restart helps against a connection that is broken, and not against a short outage. Milliseconds. */
const unreachableAfterMs = 60_000;
/** Time in which the database has to answer. Milliseconds. */
const patienceMs = 2_000;
/** One answer of the database serves everybody for so long: anybody may ask, and each question costs. Milliseconds. */
const answerServesMs = 1_000;

/**
 * A program's health, which is served at `/health`. Each report asks the database, so nothing runs in between.
 * @param now Milliseconds of a clock that may stand still with the process: an instance of Cloud Run cannot reach
 * anything while it gets no processor time.
 */
export function createHealth(now: () => number): Health {
  let asking: (() => Promise<boolean>) | null = null;
  let latest: { at: number; answers: Promise<boolean> } | null = null;
  let failingSince: number | null = null;

  function databaseAnswers(question: () => Promise<boolean>): Promise<boolean> {
    if (!latest || now() - latest.at >= answerServesMs) latest = { at: now(), answers: question() };
    return latest.answers;
  }

  return {
    begin(ask) {
      asking = () => answersInTime(async () => ask(), patienceMs);
    },
    async report() {
      if (!asking) return { status: 'starting' };
      const askedAt = now();
      if (await databaseAnswers(asking)) {
        failingSince = null;
        return { status: 'ready' };
      }
      failingSince ??= askedAt;
      const failingMs = now() - failingSince;
      if (failingMs < unreachableAfterMs) return { status: 'ready' };
      const seconds = Math.round(failingMs / 1_000);
      return { status: 'unreachable', detail: `cannot reach the database since ${seconds} s` };
    },
  };
}

/** 503 keeps work away from a program, and lets the platform replace it. */
export function statusCodeOf({ status }: HealthReport): 200 | 503 {
  switch (status) {
    case 'ready':
      return 200;
    case 'starting':
    case 'failing':
    case 'unreachable':
      return 503;
    default:
      return status satisfies never;
  }
}

/** Whether a question is answered within this many milliseconds. */
export async function answersInTime(ask: () => Promise<unknown>, withinMs: number): Promise<boolean> {
  const { promise: tooLate, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(false), withinMs);
  const answered = ask().then(
    () => true,
    () => false,
  );
  const answer = await Promise.race([answered, tooLate]);
  clearTimeout(timer);
  return answer;
}
