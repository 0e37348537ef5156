import { createRoute, z } from '@hono/zod-openapi';
import type { AdminAction } from '@spillway/core/audit.ts';
import { parseOptions } from '@spillway/core/operations.ts';
import { mostIndexedBytes, storableText } from '@spillway/core/text.ts';
import type { Ports } from '@spillway/pipeline/ports/ports.ts';
import { audited } from './audit.ts';
import { captionFormats } from './batch-captions.ts';
import { type BatchChange, cancelPage, deletePage, rerunPage, retryPage } from './batch-changes.ts';
import { type BatchOf, resultsOf } from './batch-results.ts';
import { json, openTo, problemAnswers, visitorProblems } from './describe.ts';
import { type ApiDependencies, limited } from './environment.ts';
import type { Visitor } from './limits.ts';
import { createOpenApiApp } from './openapi-app.ts';
import { ProblemError } from './problems.ts';
import { batchChangeSchema, batchRunRequestSchema } from './schema.ts';
import { sendArchive, sendCaptions } from './send-batch.ts';

const batchParameter = z.object({
  id: storableText(mostIndexedBytes).min(1).describe('The `batchId` of the uploads.'),
});
const ofOwner = {
  owner: storableText(mostIndexedBytes)
    .optional()
    .describe('Of whom the batch is, for admins. Default: of who asks.'),
};
const ownerQuery = z.strictObject(ofOwner);
const pageQuery = z.strictObject({
  ...ofOwner,
  cursor: storableText().max(200).optional().describe('From the answer before, to go on.'),
});

const changed = json(
  batchChangeSchema.meta({ id: 'BatchChange' }),
  'What was done with up to 100 jobs. Ask again with `cursor` until it is null.',
);
const paged =
  'Looks at up to 100 jobs at a time, the newest first, and counts once against the limit of changes. Asking twice does nothing twice.';

const pagedRuns = `${paged} Each job that it makes counts against a limit of its own: 2,000 at once, and 480 a minute.`;

const archive = createRoute({
  method: 'get',
  path: '/batches/{id}/archive',
  operationId: 'getBatchArchive',
  tags: ['batches'],
  middleware: limited('archives', 'read'),
  security: openTo('read'),
  summary: 'Read all results of a batch as one ZIP archive',
  description:
    'Results are named after their pictures, in the order of the drop, with their receipts in `receipts/` and all captions in `captions.csv`. What is gone by then is named in `missing.txt`. The archive is made as it is read, so its length is not known before.',
  request: { params: batchParameter, query: ownerQuery },
  responses: {
    200: {
      description: 'The archive.',
      content: { 'application/zip': { schema: z.string().meta({ format: 'binary' }) } },
    },
    ...problemAnswers('invalid_request', 'not_found', 'no_result', 'too_many_results', ...visitorProblems),
  },
});

const captions = createRoute({
  method: 'get',
  path: '/batches/{id}/captions',
  operationId: 'getBatchCaptions',
  tags: ['batches'],
  middleware: limited('archives', 'read'),
  security: openTo('read'),
  summary: 'Read all captions of a batch as a table or as text',
  description: 'In the order of the drop. The table is UTF-8 with a byte order mark, so that Excel opens it.',
  request: {
    params: batchParameter,
    query: ownerQuery.extend({ format: z.enum(captionFormats).default('csv') }),
  },
  responses: {
    200: {
      description: 'A line for each caption.',
      content: { 'text/csv': { schema: z.string() }, 'text/plain': { schema: z.string() } },
    },
    ...problemAnswers('invalid_request', 'not_found', 'no_result', 'too_many_results', ...visitorProblems),
  },
});

/** A change of a batch, page by page. */
function changeRoute<const Method extends 'post' | 'delete', const Path extends string>(
  method: Method,
  path: Path,
  { operationId, summary, description }: { operationId: string; summary: string; description: string },
) {
  return createRoute({
    ...{ method, path, operationId, summary, description },
    tags: ['batches'],
    middleware: limited('changes', 'change'),
    security: openTo('change'),
    request: { params: batchParameter, query: pageQuery },
    responses: {
      200: changed,
      ...problemAnswers('invalid_request', 'cross_site', 'not_found', ...visitorProblems),
    },
  });
}

const retry = changeRoute('post', '/batches/{id}/retry', {
  operationId: 'retryBatch',
  summary: 'Run again what failed in a batch for a reason that may have passed',
  description: pagedRuns,
});

const cancel = changeRoute('post', '/batches/{id}/cancel', {
  operationId: 'cancelBatch',
  summary: 'End all jobs of a batch that have not ended',
  description: paged,
});

const remove = changeRoute('delete', '/batches/{id}', {
  operationId: 'deleteBatch',
  summary: 'Delete a batch: its jobs, results and originals',
  description: `What becomes of the files in the buckets says \`GET /deletion\`. ${paged}`,
});

function runRoute() {
  return createRoute({
    method: 'post',
    path: '/batches/{id}/jobs',
    operationId: 'rerunBatch',
    tags: ['batches'],
    middleware: limited('changes', 'change'),
    security: openTo('change'),
    summary: 'Do an operation on every picture of a batch, without an upload',
    description: `Pictures that nothing could read are left out. ${pagedRuns}`,
    request: {
      params: batchParameter,
      query: pageQuery,
      body: { required: true, content: { 'application/json': { schema: batchRunRequestSchema() } } },
    },
    responses: {
      200: changed,
      ...problemAnswers(
        'invalid_request',
        'invalid_json',
        'cross_site',
        'not_found',
        'body_too_large',
        'unsupported_media_type',
        'invalid_options',
        ...visitorProblems,
      ),
    },
  });
}

/** What can be done with all pictures of a drop at once. */
export function batchRoutes({ ports, liveDashboard }: ApiDependencies) {
  return createOpenApiApp()
    .openapi(archive, async (c) => {
      const of = batchOf(c.req.valid('param').id, c.req.valid('query').owner, c.var.visitor);
      return sendArchive(c, await resultsOf(of, ports.feed), ports);
    })
    .openapi(captions, async (c) => {
      const { owner, format } = c.req.valid('query');
      const of = batchOf(c.req.valid('param').id, owner, c.var.visitor);
      return sendCaptions(c, await resultsOf(of, ports.feed), format, ports);
    })
    .openapi(retry, async (c) => {
      const { id } = c.req.valid('param');
      c.var.spend('runs');
      const done = await change(id, c.req.valid('query'), c.var.visitor, 'retry_batch', retryPage);
      c.var.charge('runs', Math.max(0, done.done - 1));
      return c.json(done, 200);
    })
    .openapi(cancel, async (c) => {
      const { id } = c.req.valid('param');
      return c.json(await change(id, c.req.valid('query'), c.var.visitor, 'cancel_batch', cancelPage), 200);
    })
    .openapi(runRoute(), async (c) => {
      const { id } = c.req.valid('param');
      const { operation, options } = c.req.valid('json');
      const parsed = parseOptions(operation, options);
      if (!parsed.ok) throw new ProblemError('invalid_options', parsed.message);
      const wanted = { operation, options: parsed.options };
      const rerun: ChangePage = (of, cursor) => rerunPage(of, wanted, cursor, ports);
      c.var.spend('runs');
      const done = await change(id, c.req.valid('query'), c.var.visitor, 'rerun_batch', rerun);
      c.var.charge('runs', Math.max(0, done.done - 1));
      return c.json(done, 200);
    })
    .openapi(remove, async (c) => {
      const { id } = c.req.valid('param');
      const done = await change(id, c.req.valid('query'), c.var.visitor, 'delete_batch', deletePage);
      liveDashboard.readAgain();
      return c.json(done, 200);
    });

  /** What an admin does with somebody else's batch is kept, once for each request. */
  function change(
    id: string,
    { owner, cursor = null }: { owner?: string | undefined; cursor?: string | null | undefined },
    visitor: Visitor,
    action: AdminAction,
    changePage: ChangePage,
  ): Promise<BatchChange> {
    const of = batchOf(id, owner, visitor);
    const by = of.owner === visitor.owner ? null : visitor.admin;
    const deed = { action, subject: of.batch, detail: `of ${of.owner}` };
    return audited(ports, by, deed, () => changePage(of, cursor, ports));
  }
}

/** Changes the jobs of a page, and leads to the next. */
type ChangePage = (of: BatchOf, cursor: string | null, ports: Ports) => Promise<BatchChange>;

/** Somebody else's batch is there for admins alone; for anybody else there is none. */
function batchOf(batch: string, owner: string | undefined, visitor: Visitor): BatchOf {
  if (owner === undefined || owner === visitor.owner) return { owner: visitor.owner, batch };
  if (visitor.admin === null) throw new ProblemError('not_found', 'There is no such batch.');
  return { owner, batch };
}
