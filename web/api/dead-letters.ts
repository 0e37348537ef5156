import { createRoute, z } from '@hono/zod-openapi';
import { letterContent } from '@spillway/core/dead-letter.ts';
import type { DeadLetter } from '@spillway/core/diagnosis/system-reading.ts';
import { OutageError, RefusedError } from '@spillway/core/errors.ts';
import { objectAddress } from '@spillway/core/passed-over.ts';
import { type Replayed, replayLetter } from '@spillway/pipeline/dead-letters.ts';
import { type DeadLetterView, deadLettersSchema, replayedSchema } from './admin-schema.ts';
import { audited } from './audit.ts';
import { adminProblems, adminSecurity, json, problemAnswers } from './describe.ts';
import type { ApiDependencies } from './environment.ts';
import { viewOf } from './job-access.ts';
import { createOpenApiApp } from './openapi-app.ts';
import { ProblemError } from './problems.ts';

const parameters = {
  params: z.object({ id: z.string().regex(/^[\w-]{1,100}$/, 'is not the id of a dead letter') }),
};

const listDeadLetters = createRoute({
  method: 'get',
  path: '/dead-letters',
  operationId: 'listDeadLetters',
  tags: ['admin'],
  security: adminSecurity,
  summary: 'List messages that were put aside',
  description:
    'Some of them: Pub/Sub tells nobody how many there are, and what one person looks at nobody else is shown for a moment.',
  responses: {
    200: json(deadLettersSchema, 'The letters, and their jobs.'),
    ...problemAnswers(...adminProblems),
  },
});

const replay = createRoute({
  method: 'post',
  path: '/dead-letters/{id}/replay',
  operationId: 'replayDeadLetter',
  tags: ['admin'],
  security: adminSecurity,
  summary: 'Do what a message that was put aside asked for',
  description: 'The message is removed once a job waits again, or there is nothing to do any more.',
  request: parameters,
  responses: {
    200: json(replayedSchema, 'What became of it.'),
    ...problemAnswers('invalid_request', 'cross_site', ...adminProblems, 'not_found', 'not_replayable'),
  },
});

const discard = createRoute({
  method: 'delete',
  path: '/dead-letters/{id}',
  operationId: 'discardDeadLetter',
  tags: ['admin'],
  security: adminSecurity,
  summary: 'Throw away a message that was put aside',
  request: parameters,
  responses: {
    204: { description: 'It is gone.' },
    ...problemAnswers('invalid_request', 'cross_site', ...adminProblems, 'not_found'),
  },
});

/** Letters of one look. */
const mostShown = 100;
/** Characters of a letter's data that are shown. */
const mostData = 4_000;

/** Messages that nobody could handle, with the jobs that they are about. */
export function deadLetterRoutes({ ports, letters, liveDashboard }: ApiDependencies) {
  const { deadLetters, consumer } = letters;

  async function find(id: string): Promise<DeadLetter> {
    const found = (await deadLetters.peek(mostShown)).find((letter) => letter.id === id);
    if (!found) throw noSuchLetter();
    return found;
  }

  return createOpenApiApp()
    .openapi(listDeadLetters, async (c) => {
      try {
        const found = await deadLetters.peek(mostShown);
        const views = await Promise.all(found.map(letterView));
        return c.json({ kind: 'read' as const, letters: views }, 200);
      } catch (error) {
        if (!(error instanceof OutageError || error instanceof RefusedError)) throw error;
        ports.log.warn({ error }, 'Dead letters could not be shown.');
        return c.json({ kind: 'not_shown' as const, why: error.message }, 200);
      }
    })
    .openapi(replay, async (c) => {
      const { id } = c.req.valid('param');
      const letter = await find(id);
      const deed = { action: 'replay_letter', subject: id, detail: letter.problem } as const;
      const replayed = await audited(ports, c.var.admin, deed, async () => {
        const outcome = await replayLetter(letter, { ...ports, consumer });
        if (outcome.kind === 'refused') throw refusedReplay(outcome.why);
        await deadLetters.remove(id);
        return outcome;
      });
      liveDashboard.readAgain();
      return c.json(replayed, 200);
    })
    .openapi(discard, async (c) => {
      const { id } = c.req.valid('param');
      const letter = await find(id);
      const deed = { action: 'discard_letter', subject: id, detail: letter.problem } as const;
      await audited(ports, c.var.admin, deed, async () => {
        if (!(await deadLetters.remove(id))) throw noSuchLetter();
      });
      return c.body(null, 204);
    });

  async function letterView({ id, problem, at, data }: DeadLetter): Promise<DeadLetterView> {
    const content = letterContent(data);
    const shown = { id, problem, at, data: data.slice(0, mostData).toWellFormed() };
    if (content.kind === 'upload') {
      return {
        ...shown,
        about: 'upload',
        object: content.object && objectAddress(content.object),
        job: null,
      };
    }
    if (content.kind === 'unreadable') return { ...shown, about: 'unknown', object: null, job: null };
    return { ...shown, about: 'job', object: null, job: await jobOf(content.jobId) };
  }

  /** Null where it is gone, or cannot be read: that may be why the letter is there. */
  async function jobOf(jobId: string): Promise<DeadLetterView['job']> {
    try {
      const stored = await ports.jobs.get(jobId);
      return stored && !stored.job.deletedAt ? viewOf(stored.job) : null;
    } catch (error) {
      ports.log.warn({ error, jobId }, 'The job of a dead letter could not be read.');
      return null;
    }
  }
}

function noSuchLetter(): ProblemError {
  return new ProblemError(
    'not_found',
    'This message is not to be found now: it is gone, or somebody else looks at it. Try again in some seconds.',
  );
}

function refusedReplay(why: Extract<Replayed, { kind: 'refused' }>['why']): ProblemError {
  switch (why) {
    case 'unreadable':
      return new ProblemError('not_replayable', 'Nobody can tell what this message asked for.');
    case 'not_runnable':
      return new ProblemError('not_replayable', 'Its job has an operation or options that are not valid.');
    default:
      return why satisfies never;
  }
}
