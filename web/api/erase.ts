import { createRoute } from '@hono/zod-openapi';
import { eraseFiles, eraseShares } from '@spillway/pipeline/erase.ts';
import { deletePage } from './batch-changes.ts';
import { json, problemAnswers, visitorProblems } from './describe.ts';
import { type ApiDependencies, limited } from './environment.ts';
import { createOpenApiApp } from './openapi-app.ts';
import { ProblemError } from './problems.ts';
import { erasureSchema } from './schema.ts';

/** Jobs that are counted for the progress, at most. */
const mostCounted = 100_000;

const erase = createRoute({
  method: 'delete',
  path: '/everything',
  operationId: 'deleteEverything',
  tags: ['jobs'],
  middleware: limited('changes', null),
  security: [{ visitorCookie: [] }],
  summary: 'Delete everything of a visitor: private links, jobs, results and originals',
  description:
    'One request deletes up to 100 jobs, the newest first; repeat it until `done`. The last one ends the visitor’s session, so that nothing that comes later belongs to it. What becomes of the files in the buckets says `GET /deletion`. For visitors alone: an API key belongs to an admin.',
  responses: {
    200: json(erasureSchema, 'What this request has deleted, and what is left.'),
    ...problemAnswers('invalid_request', 'cross_site', ...visitorProblems),
  },
});

/** `DELETE /everything`. */
export function eraseRoutes({ ports, sessions, liveDashboard, shareDoor }: ApiDependencies) {
  return createOpenApiApp().openapi(erase, async (c) => {
    const { owner, key } = c.var.visitor;
    if (key) throw new ProblemError('missing_scope', 'No API key may delete everything of its owner.');
    const links = await ports.shares.ofOwner(owner, mostForgotten);
    await eraseShares(owner, ports);
    // Only now: a guest who asked while they were removed has had them read again.
    for (const { id } of links) shareDoor.forget(id);
    const { done: deleted, failed } = await deletePage({ owner }, null, ports);
    liveDashboard.readAgain();
    const { jobs: left } = await ports.feed.count({ owner }, mostCounted);
    const done = left === 0;
    if (done) {
      await eraseFiles(owner, ports);
      sessions.endVisitor(c);
    }
    return c.json({ deleted, left, failed: failed.length, done }, 200);
  });
}

/** This process forgets at once what it remembers of so many links; the others forget by themselves. */
const mostForgotten = 100;
