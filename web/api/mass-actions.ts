import { randomUUID } from 'node:crypto';
import { createRoute, type z } from '@hono/zod-openapi';
import { countOf } from '@spillway/core/amounts.ts';
import { type AdminAction, keptAuditMs } from '@spillway/core/audit.ts';
import type { JobFilter } from '@spillway/core/job-filter.ts';
import { filterOf, filterWords, queryTextOf } from '@spillway/core/job-query.ts';
import {
  type MassAction,
  type MassActionKind,
  massActionWords,
  mostAtOnce,
  type WhichJobs,
} from '@spillway/core/mass-action.ts';
import { mostIndexedBytes, shownText } from '@spillway/core/text.ts';
import { beginAction, changeAction, expectedJobs, takeStep } from '@spillway/pipeline/mass-action.ts';
import type { Ports } from '@spillway/pipeline/ports/ports.ts';
import {
  type MassActionRequest,
  type MassActionStand,
  massActionRequestSchema,
  massActionStandSchema,
  massActionTabSchema,
  massPreviewSchema,
} from './admin-schema.ts';
import { adminProblems, adminSecurity, json, problemAnswers } from './describe.ts';
import type { ApiDependencies } from './environment.ts';
import { createOpenApiApp } from './openapi-app.ts';
import { ProblemError } from './problems.ts';

const bodyOf = <Schema extends z.ZodType>(schema: Schema) => ({
  required: true,
  content: { 'application/json': { schema } },
});

const bodyProblems = [
  'invalid_request',
  'invalid_json',
  'cross_site',
  'body_too_large',
  'unsupported_media_type',
] as const;
const ofAdmins = { tags: ['admin'], security: adminSecurity };

const getMassAction = createRoute({
  ...ofAdmins,
  method: 'get',
  path: '/mass-action',
  operationId: 'getMassAction',
  summary: 'Read what is being done to many jobs, or was last',
  responses: { 200: json(massActionStandSchema, 'It, as it stands.'), ...problemAnswers(...adminProblems) },
});

const previewMassAction = createRoute({
  ...ofAdmins,
  method: 'post',
  path: '/mass-action/preview',
  operationId: 'previewMassAction',
  summary: 'Count the jobs that would be retried, cancelled or deleted, and do nothing',
  request: { body: bodyOf(massActionRequestSchema) },
  responses: {
    200: json(massPreviewSchema, 'The number.'),
    ...problemAnswers(...bodyProblems, ...adminProblems),
  },
});

const beginMassAction = createRoute({
  ...ofAdmins,
  method: 'post',
  path: '/mass-action',
  operationId: 'beginMassAction',
  summary: 'Begin to retry, cancel or delete jobs',
  description:
    'Nothing is done yet: each step is asked for. Jobs that are created from now on are left alone. One action is under way at a time.',
  request: { body: bodyOf(massActionRequestSchema) },
  responses: {
    201: json(massActionStandSchema, 'It has begun.'),
    ...problemAnswers(
      ...bodyProblems,
      ...adminProblems,
      'nothing_matches',
      'too_many_jobs',
      'action_under_way',
    ),
  },
});

const stepMassAction = createRoute({
  ...ofAdmins,
  method: 'post',
  path: '/mass-action/step',
  operationId: 'stepMassAction',
  summary: 'Do the next step of the action',
  description:
    'Some jobs at a time, safe to repeat. Any admin may go on with an action that nobody goes on with: while another tab does, nothing is done here, and `elsewhere` says so.',
  request: { body: bodyOf(massActionTabSchema) },
  responses: {
    200: json(massActionStandSchema, 'It, as it stands after the step.'),
    ...problemAnswers(...bodyProblems, ...adminProblems, 'not_found'),
  },
});

const stopMassAction = createRoute({
  ...ofAdmins,
  method: 'post',
  path: '/mass-action/stop',
  operationId: 'stopMassAction',
  summary: 'End the action where it is',
  description: 'What is done stays done.',
  request: { body: bodyOf(massActionTabSchema) },
  responses: {
    200: json(massActionStandSchema, 'It, as it has ended.'),
    ...problemAnswers(...bodyProblems, ...adminProblems, 'not_found'),
  },
});

/** A tab that has not asked for a step for this long has gone, in milliseconds. */
const tabGoneMs = 20_000;

const auditActions: Record<MassActionKind, AdminAction> = {
  retry: 'retry_jobs',
  cancel: 'cancel_jobs',
  delete: 'delete_jobs',
};

/** What an admin does to many jobs at once. */
export function massActionRoutes({ ports, liveDashboard }: ApiDependencies) {
  return createOpenApiApp()
    .openapi(getMassAction, async (c) => c.json(standOf((await ports.massActions.read()).action), 200))
    .openapi(previewMassAction, async (c) => {
      const { kind, which } = c.req.valid('json');
      return c.json(await countMeant(kind, whichJobs(which, ports), ports), 200);
    })
    .openapi(beginMassAction, async (c) => {
      const action = await begin(c.req.valid('json'), c.var.admin, ports);
      return c.json(standOf(action), 201);
    })
    .openapi(stepMassAction, async (c) => {
      const { id, tab } = c.req.valid('json');
      const now = ports.clock.now();
      const before = await changeAction(ports.massActions, (current) =>
        current?.id === id && mayGoOn(current, tab, now) ? { ...current, tab, changedAt: now } : null,
      );
      if (!before) {
        const current = await actionOf(id, ports);
        return c.json({ ...standOf(current), elsewhere: current.state === 'running' }, 200);
      }
      const after = await takeStep(before, ports);
      const kept = await changeAction(ports.massActions, (current) => {
        if (current?.id !== id) return null;
        // Somebody has stopped it in the middle of the step, which is done all the same.
        return { ...after, state: current.state === 'running' ? after.state : current.state };
      });
      if (kept && kept.state !== 'running') await keepEnd(kept, ports);
      liveDashboard.readAgain();
      return c.json(standOf(kept ?? after), 200);
    })
    .openapi(stopMassAction, async (c) => {
      const { id } = c.req.valid('json');
      const before = await actionOf(id, ports);
      const stopped = await changeAction(ports.massActions, (current) =>
        current?.id === id && current.state === 'running'
          ? { ...current, state: 'stopped', changedAt: ports.clock.now() }
          : null,
      );
      if (stopped) await keepEnd(stopped, ports);
      return c.json(standOf(stopped ?? before), 200);
    });
}

/** One page goes on with an action, and another one takes over once that has gone. */
function mayGoOn({ state, tab, changedAt }: MassAction, asking: string, now: Date): boolean {
  const isGone = now.getTime() - changedAt.getTime() > tabGoneMs;
  return state === 'running' && (tab === null || tab === asking || isGone);
}

/** Who wanted it is kept first: where that cannot be written, nothing begins. */
async function begin({ kind, which }: MassActionRequest, by: string, ports: Ports): Promise<MassAction> {
  const meant = whichJobs(which, ports);
  const { jobs, exact } = await countMeant(kind, meant, ports);
  if (jobs === 0) throw new ProblemError('nothing_matches', 'No job matches that this can be done to.');
  if (jobs >= mostAtOnce) {
    throw new ProblemError('too_many_jobs', `At most ${mostAtOnce} jobs at once: narrow the filter.`);
  }
  const now = ports.clock.now();
  const action: MassAction = {
    id: randomUUID(),
    kind,
    which: meant.which,
    words: meant.words,
    expected: jobs,
    state: 'running',
    by,
    tab: null,
    startedAt: now,
    changedAt: now,
    place: { part: 0, cursor: null },
    done: 0,
    spared: 0,
    refused: 0,
    problem: null,
  };
  await ports.audit.begin({
    id: action.id,
    at: now,
    by,
    action: auditActions[kind],
    subject: shownText(meant.words, mostIndexedBytes),
    detail: `${exact ? '' : 'about '}${countOf(jobs, 'job')}`,
    outcome: 'begun',
    result: null,
    expiresAt: new Date(now.getTime() + keptAuditMs),
  });
  ports.log.info({ by, kind, which: meant.words, jobs }, 'An admin acts on many jobs.');
  if (await beginAction(action, ports)) return action;
  await ports.audit.end(action.id, 'refused');
  throw new ProblemError('action_under_way', 'Another action is under way. Let it end, or stop it.');
}

async function keepEnd(action: MassAction, { audit, log }: Ports): Promise<void> {
  const result = massActionWords(action);
  log.info(
    { by: action.by, kind: action.kind, which: action.words, result },
    'An action on many jobs ended.',
  );
  try {
    await audit.end(action.id, 'done', result);
  } catch (error) {
    log.warn({ error, audit: action.id, result }, 'How the act of an admin ended could not be kept.');
  }
}

/** The jobs that are meant, whenever they are looked for. */
interface Meant {
  which: WhichJobs;
  filter: JobFilter | null;
  words: string;
}

function whichJobs(which: MassActionRequest['which'], { clock }: Ports): Meant {
  if (which.kind === 'named') {
    const ids = [...new Set(which.ids)];
    return { which: { kind: 'named', ids }, filter: null, words: countOf(ids.length, 'chosen job') };
  }
  const now = clock.now();
  const asked = filterOf(which.query, now);
  // A retry makes a new job, which must not be retried in its turn.
  const filter: JobFilter = { ...asked, to: asked.to && asked.to < now ? asked.to : now };
  return { which: { kind: 'matching', query: queryTextOf(filter) }, filter, words: filterWords(asked) };
}

async function countMeant(kind: MassActionKind, { which, filter }: Meant, ports: Ports) {
  if (which.kind === 'named') return { jobs: which.ids.length, exact: true };
  return expectedJobs(kind, filter ?? {}, ports);
}

async function actionOf(id: string, { massActions }: Ports): Promise<MassAction> {
  const { action } = await massActions.read();
  if (action?.id !== id) throw new ProblemError('not_found', 'This action is not the last one any more.');
  return action;
}

function standOf(action: MassAction | null): MassActionStand {
  return massActionStandSchema.parse({ action });
}
