import { createRoute, z } from '@hono/zod-openapi';
import { type Job, pictureOfJobSchema, type Thumbnail, thumbnailWidths } from '@spillway/core/job.ts';
import type { Blobs } from '@spillway/pipeline/ports/blobs.ts';
import type { Context } from 'hono';
import { jobIdParameter, openTo, problemAnswers, visitorProblems } from './describe.ts';
import { type ApiDependencies, limited } from './environment.ts';
import { visibleJob } from './job-access.ts';
import { createOpenApiApp } from './openapi-app.ts';
import { ProblemError } from './problems.ts';
import { type PartToSend, partNotModified, sendPart } from './send-part.ts';

export const thumbnailQuery = z.strictObject({
  of: pictureOfJobSchema.default('result').describe('The result, or the original as operations see it.'),
  width: z
    .enum(thumbnailWidths.map(String) as [`${number}`, ...`${number}`[]])
    .default('320')
    .describe('Pixels. A picture that is narrower is not enlarged.'),
});
type WantedThumbnail = z.output<typeof thumbnailQuery>;

const webp = { 'image/webp': { schema: z.string().meta({ format: 'binary' }) } };
const unchanged = { description: 'The copy that the request names by its ETag is still right.' };

const thumbnail = createRoute({
  method: 'get',
  path: '/jobs/{id}/thumbnail',
  operationId: 'getJobThumbnail',
  tags: ['jobs'],
  middleware: limited('thumbnails', 'read'),
  security: openTo('read'),
  summary: 'Read a small picture of a result, or of its original',
  description:
    'Made with the result, for pictures that were sent through the site or its API. Never changes while the job is there, so it may be kept.',
  request: { params: jobIdParameter, query: thumbnailQuery },
  responses: {
    200: { description: 'The thumbnail.', content: webp },
    304: unchanged,
    ...problemAnswers('invalid_request', 'not_found', 'no_thumbnail', ...visitorProblems),
  },
});

const mask = createRoute({
  method: 'get',
  path: '/jobs/{id}/mask',
  operationId: 'getJobMask',
  tags: ['jobs'],
  middleware: limited('thumbnails', 'read'),
  security: openTo('read'),
  summary: 'Read what a removed background was told by',
  description:
    'A grey picture of the whole original, white where it was kept, of up to 1,024 pixels a side: as it was found, before `cleanMask` and `feather`.',
  request: { params: jobIdParameter },
  responses: {
    200: { description: 'The mask, without loss.', content: webp },
    304: unchanged,
    ...problemAnswers('invalid_request', 'not_found', 'no_mask', ...visitorProblems),
  },
});

/** Small pictures of a job. */
export function jobThumbnailRoutes({ ports }: ApiDependencies) {
  return createOpenApiApp()
    .openapi(thumbnail, async (c) => {
      const job = await visibleJob(c.req.valid('param').id, c.var.visitor, ports.jobs);
      return sendThumbnail(c, job, c.req.valid('query'), ports.blobs);
    })
    .openapi(mask, async (c) => {
      const job = await visibleJob(c.req.valid('param').id, c.var.visitor, ports.jobs);
      return sendMask(c, job, ports.blobs);
    });
}

/** Answers with a thumbnail of the job; throws the problem `no_thumbnail` where it has none. */
export function sendThumbnail(
  c: Context,
  job: Job,
  wanted: WantedThumbnail,
  blobs: Blobs,
): Response | Promise<Response> {
  const none = () => new ProblemError('no_thumbnail', 'The job has no such thumbnail.');
  const part = fittingPart(job.result?.thumbnails?.parts ?? [], wanted);
  return answer(c, job, part, none, blobs);
}

/** Answers with the mask of the job; throws the problem `no_mask` where it has none. */
export function sendMask(c: Context, job: Job, blobs: Blobs): Response | Promise<Response> {
  return answer(c, job, job.result?.mask, () => new ProblemError('no_mask', 'The job has no mask.'), blobs);
}

/** The smallest that is wide enough, else the widest. */
function fittingPart(parts: readonly Thumbnail[], { of, width }: WantedThumbnail): Thumbnail | undefined {
  const rising = parts.filter((part) => part.of === of).sort((a, b) => a.width - b.width);
  return rising.find((part) => part.width >= Number(width)) ?? rising.at(-1);
}

function answer(
  c: Context,
  { result }: Job,
  part: { offset: number; size: number } | null | undefined,
  gone: () => ProblemError,
  blobs: Blobs,
): Response | Promise<Response> {
  if (!part || !result?.thumbnails) throw gone();
  const { name, generation } = result.thumbnails;
  const { offset, size } = part;
  const toSend: PartToSend = {
    blob: { bucket: result.bucket, name, generation },
    range: { first: offset, last: offset + size - 1 },
    contentType: 'image/webp',
    gone,
  };
  return partNotModified(c, toSend) ?? sendPart(c, toSend, blobs);
}
