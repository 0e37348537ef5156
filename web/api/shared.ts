import { createRoute, z } from '@hono/zod-openapi';
import type { Job } from '@spillway/core/job.ts';
import type { Share } from '@spillway/core/shares.ts';
import { storableText } from '@spillway/core/text.ts';
import type { Ports } from '@spillway/pipeline/ports/ports.ts';
import { captionFormats } from './batch-captions.ts';
import { resultsOf } from './batch-results.ts';
import { jobIdParameter, json, problemAnswers } from './describe.ts';
import type { ApiDependencies } from './environment.ts';
import { noSuchJob } from './job-access.ts';
import {
  fileAnswers,
  rangeOfIt,
  resultContent,
  sendOriginal,
  sendResult,
  sourceContent,
} from './job-files.ts';
import { sendThumbnail, thumbnailQuery } from './job-thumbnails.ts';
import { createOpenApiApp } from './openapi-app.ts';
import {
  type SharedJob,
  sharedBatchSchema,
  sharedJobPageSchema,
  sharedJobSchema,
  shareTokenSchema,
} from './schema.ts';
import { sendArchive, sendCaptions } from './send-batch.ts';
import { shareIdSchema } from './shares.ts';

const share = z.object({ share: shareIdSchema });
const guestSecurity = [{ shareCookie: [] }];
const guestProblems = [
  'invalid_request',
  'link_required',
  'not_found',
  'link_ended',
  'link_revoked',
  'too_many_requests',
] as const;
const page = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100).default(100),
  cursor: storableText().max(200).optional(),
});

const openShare = createRoute({
  method: 'post',
  path: '/shared/open',
  operationId: 'openShare',
  tags: ['shared'],
  security: [],
  summary: 'Open a private link',
  description:
    'Sets a cookie for the addresses of that link alone. The token is sent in the body, and never in an address.',
  request: { body: { required: true, content: { 'application/json': { schema: shareTokenSchema } } } },
  responses: {
    200: json(sharedBatchSchema, 'The batch that the link shows.'),
    ...problemAnswers(
      'invalid_request',
      'invalid_json',
      'cross_site',
      'not_found',
      'link_ended',
      'link_revoked',
      'too_many_requests',
      'body_too_large',
      'unsupported_media_type',
    ),
  },
});

const getShared = createRoute({
  method: 'get',
  path: '/shared/{share}',
  operationId: 'getSharedBatch',
  tags: ['shared'],
  security: guestSecurity,
  summary: 'Read the batch that a private link shows',
  request: { params: share },
  responses: { 200: json(sharedBatchSchema, 'The batch.'), ...problemAnswers(...guestProblems) },
});

const listShared = createRoute({
  method: 'get',
  path: '/shared/{share}/jobs',
  operationId: 'listSharedJobs',
  tags: ['shared'],
  security: guestSecurity,
  summary: 'List the jobs of a shared batch, newest first',
  request: { params: share, query: page },
  responses: {
    200: json(sharedJobPageSchema, 'One page; `cursor` leads to the next, and is null on the last.'),
    ...problemAnswers(...guestProblems),
  },
});

function sharedResult() {
  return createRoute({
    method: 'get',
    path: '/shared/{share}/jobs/{id}/result',
    operationId: 'getSharedResult',
    tags: ['shared'],
    security: guestSecurity,
    summary: 'Read a result of a shared batch',
    request: {
      params: share.extend(jobIdParameter.shape),
      headers: rangeOfIt,
      query: z.strictObject({
        download: z.string().optional().describe('Present: as a file to be saved, with a name.'),
      }),
    },
    responses: {
      ...fileAnswers('The result.', resultContent()),
      ...problemAnswers(...guestProblems, 'no_result', 'range_not_satisfiable'),
    },
  });
}

const sharedSource = createRoute({
  method: 'get',
  path: '/shared/{share}/jobs/{id}/source',
  operationId: 'getSharedSource',
  tags: ['shared'],
  security: guestSecurity,
  summary: 'Read an original of a shared batch',
  request: { params: share.extend(jobIdParameter.shape), headers: rangeOfIt },
  responses: {
    ...fileAnswers('The picture, with the type its bytes show.', sourceContent),
    ...problemAnswers(
      ...guestProblems,
      'source_gone',
      'file_too_large',
      'unsupported_type',
      'range_not_satisfiable',
    ),
  },
});

const sharedThumbnail = createRoute({
  method: 'get',
  path: '/shared/{share}/jobs/{id}/thumbnail',
  operationId: 'getSharedThumbnail',
  tags: ['shared'],
  security: guestSecurity,
  summary: 'Read a small picture of a shared batch',
  request: { params: share.extend(jobIdParameter.shape), query: thumbnailQuery },
  responses: {
    200: {
      description: 'The thumbnail.',
      content: { 'image/webp': { schema: z.string().meta({ format: 'binary' }) } },
    },
    304: { description: 'The copy that the request names by its ETag is still right.' },
    ...problemAnswers(...guestProblems, 'no_thumbnail'),
  },
});

const sharedArchive = createRoute({
  method: 'get',
  path: '/shared/{share}/archive',
  operationId: 'getSharedArchive',
  tags: ['shared'],
  security: guestSecurity,
  summary: 'Read all results of a shared batch as one ZIP archive',
  request: { params: share },
  responses: {
    200: {
      description: 'The archive, as it is made.',
      content: { 'application/zip': { schema: z.string().meta({ format: 'binary' }) } },
    },
    ...problemAnswers(...guestProblems, 'no_result', 'too_many_results'),
  },
});

const sharedCaptions = createRoute({
  method: 'get',
  path: '/shared/{share}/captions',
  operationId: 'getSharedCaptions',
  tags: ['shared'],
  security: guestSecurity,
  summary: 'Read all captions of a shared batch as a table or as text',
  request: { params: share, query: z.strictObject({ format: z.enum(captionFormats).default('csv') }) },
  responses: {
    200: {
      description: 'A line for each caption.',
      content: { 'text/csv': { schema: z.string() }, 'text/plain': { schema: z.string() } },
    },
    ...problemAnswers(...guestProblems, 'no_result', 'too_many_results'),
  },
});

/** What whoever has a private link sees. Nothing here changes anything. */
export function sharedRoutes({ ports, shareDoor }: ApiDependencies) {
  return createOpenApiApp()
    .openapi(openShare, async (c) => {
      const opened = await shareDoor.open(c.req.valid('json').token, c);
      return c.json(sharedBatchSchema.parse(opened), 200);
    })
    .openapi(getShared, async (c) => {
      const entered = await shareDoor.enter(c.req.valid('param').share, 'reads', c);
      return c.json(sharedBatchSchema.parse(entered), 200);
    })
    .openapi(listShared, async (c) => {
      const { owner, batch } = await shareDoor.enter(c.req.valid('param').share, 'reads', c);
      const { limit, cursor } = c.req.valid('query');
      const found = await ports.feed.find({ owner, batch }, limit, cursor ?? null);
      return c.json({ jobs: found.jobs.map(sharedView), cursor: found.cursor }, 200);
    })
    .openapi(sharedResult(), async (c) => {
      const { share: id, id: job } = c.req.valid('param');
      const entered = await shareDoor.enter(id, 'files', c);
      const isDownload = c.req.valid('query').download !== undefined;
      return sendResult(c, await sharedJob(job, entered, ports), isDownload, ports.blobs);
    })
    .openapi(sharedSource, async (c) => {
      const { share: id, id: job } = c.req.valid('param');
      const entered = await shareDoor.enter(id, 'files', c);
      return sendOriginal(c, await sharedJob(job, entered, ports), ports.blobs);
    })
    .openapi(sharedThumbnail, async (c) => {
      const { share: id, id: job } = c.req.valid('param');
      const entered = await shareDoor.enter(id, 'thumbnails', c);
      return sendThumbnail(c, await sharedJob(job, entered, ports), c.req.valid('query'), ports.blobs);
    })
    .openapi(sharedArchive, async (c) => {
      const { owner, batch } = await shareDoor.enter(c.req.valid('param').share, 'archives', c);
      return sendArchive(c, await resultsOf({ owner, batch }, ports.feed), ports);
    })
    .openapi(sharedCaptions, async (c) => {
      const { owner, batch } = await shareDoor.enter(c.req.valid('param').share, 'archives', c);
      const results = await resultsOf({ owner, batch }, ports.feed);
      return sendCaptions(c, results, c.req.valid('query').format, ports);
    });
}

/** The job, if the link shows it. One of another batch and one that does not exist give the same answer. */
async function sharedJob(id: string, { owner, batch }: Share, { jobs }: Pick<Ports, 'jobs'>): Promise<Job> {
  const job = (await jobs.get(id))?.job;
  if (!job || job.owner !== owner || job.batch !== batch || job.deletedAt) throw noSuchJob();
  return job;
}

/** What of a job a stranger may see: neither whose it is, nor where and how it was worked on. */
function sharedView(job: Job): SharedJob {
  return sharedJobSchema.parse({
    ...job,
    picture: job.upload ?? job.id,
    name: job.source.name.split('/').at(-1) ?? '',
    size: job.source.size,
    thumbnails: job.result?.thumbnails?.parts ?? [],
  });
}
