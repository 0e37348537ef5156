import { createRoute, z } from '@hono/zod-openapi';
import { PermanentError } from '@spillway/core/errors.ts';
import type { Job } from '@spillway/core/job.ts';
import { resultContentTypes, resultExtensionOf } from '@spillway/core/picture-types.ts';
import type { Blobs, OpenBlob } from '@spillway/pipeline/ports/blobs.ts';
import type { Context } from 'hono';
import { attachment } from './content-disposition.ts';
import { anyDocument, jobIdParameter, openTo, problemAnswers, visitorProblems } from './describe.ts';
import { type ApiDependencies, limited } from './environment.ts';
import { type Begun, firstBytes } from './first-bytes.ts';
import { imageType, signatureBytes } from './image-type.ts';
import { visibleJob } from './job-access.ts';
import { createOpenApiApp } from './openapi-app.ts';
import { baseNameOf } from './picture-names.ts';
import { ProblemError } from './problems.ts';
import {
  describeFile,
  type FileToSend,
  isForBucket,
  notModified,
  requestedRange,
  sendFile,
  sendOpened,
} from './send-file.ts';

const file = z.string().meta({ format: 'binary' });
export const rangeOfIt = z.object({
  range: z.string().optional().describe('One range of bytes: only those are sent.'),
  'if-range': z.string().optional().describe('The ETag of the file of which a range is wanted.'),
});
const inTheBucket = {
  description:
    'A large picture is to be fetched from the bucket, at an address that ends in some minutes. Ranges work there too.',
};
const unchanged = { description: 'The copy that the request names by its ETag is still right.' };

export const sourceContent = { 'image/*': { schema: file } };

/** The answers of a route that sends a file. */
export function fileAnswers<Content extends Record<string, { schema: z.ZodType }>>(
  description: string,
  content: Content,
) {
  return {
    200: { description, content },
    206: { description: 'The range of it that was asked for.', content },
    302: inTheBucket,
    304: unchanged,
  };
}

function resultRoute() {
  return createRoute({
    method: 'get',
    path: '/jobs/{id}/result',
    operationId: 'getJobResult',
    tags: ['jobs'],
    middleware: limited('files', 'read'),
    security: openTo('read'),
    summary: "Read a job's result",
    request: {
      params: jobIdParameter,
      headers: rangeOfIt,
      query: z.object({
        download: z.string().optional().describe('Present: as a file to be saved, with a name.'),
      }),
    },
    responses: {
      ...fileAnswers(
        'The result: a picture, a JSON document or plain text, as the operation makes it.',
        resultContent(),
      ),
      ...problemAnswers(
        'invalid_request',
        'not_found',
        'no_result',
        'range_not_satisfiable',
        ...visitorProblems,
      ),
    },
  });
}

/** What operations make: nothing else is ever served from the results bucket. */
export function resultContent(): Record<string, { schema: z.ZodType }> {
  const types = Object.values(resultContentTypes).filter((type) => type !== resultContentTypes.json);
  return {
    ...Object.fromEntries(types.map((type) => [type, { schema: file }])),
    [resultContentTypes.json]: { schema: anyDocument() },
  };
}

const source = createRoute({
  method: 'get',
  path: '/jobs/{id}/source',
  operationId: 'getJobSource',
  tags: ['jobs'],
  middleware: limited('files', 'read'),
  security: openTo('read'),
  summary: 'Read the original of a job',
  description: 'Only if its bytes are those of a picture, whatever it was called.',
  request: { params: jobIdParameter, headers: rangeOfIt },
  responses: {
    ...fileAnswers('The picture, with the type its bytes show.', sourceContent),
    ...problemAnswers(
      'invalid_request',
      'not_found',
      'source_gone',
      'file_too_large',
      'unsupported_type',
      'range_not_satisfiable',
      ...visitorProblems,
    ),
  },
});

/** A job's result and its original, as files. */
export function jobFileRoutes({ ports }: ApiDependencies) {
  return createOpenApiApp()
    .openapi(resultRoute(), async (c) => {
      const job = await visibleJob(c.req.valid('param').id, c.var.visitor, ports.jobs);
      const isDownload = c.req.valid('query').download !== undefined;
      return sendResult(c, job, isDownload, ports.blobs);
    })
    .openapi(source, async (c) => {
      const job = await visibleJob(c.req.valid('param').id, c.var.visitor, ports.jobs);
      return sendOriginal(c, job, ports.blobs);
    });
}

/** Sends what came out of a job. */
export async function sendResult(c: Context, job: Job, isDownload: boolean, blobs: Blobs): Promise<Response> {
  const extension = job.result && resultExtensionOf(job.result.contentType);
  if (!job.result || !extension) throw new ProblemError('no_result', 'The job has no result to show.');
  const { size, contentType } = job.result;
  const file: FileToSend = {
    blob: job.result,
    size,
    contentType,
    disposition: isDownload ? attachment(downloadName(job, extension)) : null,
    gone: () => new ProblemError('no_result', 'The result is no longer there.'),
  };
  return notModified(c, job.result.generation) ?? sendFile(c, file, blobs);
}

/** A packed original is read ahead by up to this number of bytes, so that most of the damaged ones are told in time. */
const readAhead = 64 * 1_024;

/**
 * Sends the very generation that the job worked on, if it begins like a picture. What an object is called proves
 * nothing, so its first bytes are looked at, and the rest is sent as it comes.
 */
export async function sendOriginal(c: Context, job: Job, blobs: Blobs): Promise<Response> {
  const unchanged = notModified(c, job.source.generation);
  if (unchanged) return unchanged;
  const { bucket, name, generation, size } = job.source;
  const gone = () => new ProblemError('source_gone', 'The original is no longer there.');
  const range = requestedRange(c, { blob: job.source, size });
  const isWanted =
    c.req.method !== 'HEAD' && range === null && !isForBucket({ size, contentType: 'image/*' });
  const look = isWanted ? {} : { range: { first: 0, last: signatureBytes - 1 } };
  const opened = await blobs.read(bucket, name, { generation, ...look });
  if (!opened) throw gone();
  const { start, ended, stream } = await begin(opened);
  const contentType = imageType(start);
  if (contentType === null) {
    stream.destroy();
    throw new ProblemError('unsupported_type', 'The original is not a picture.');
  }
  const file: FileToSend = { blob: job.source, size, contentType, disposition: null, gone };
  const isPacked = opened.size === null;
  if (c.req.method === 'HEAD') {
    stream.destroy();
    return describeFile(file, isPacked ? (ended ? start.length : null) : size);
  }
  if (isWanted)
    return sendOpened(file, { ...opened, stream, size: ended ? start.length : opened.size }, null);
  stream.destroy();
  return sendFile(c, file, blobs);
}

/** What cannot be unpacked cannot be shown; the job says so too. */
async function begin({ stream, size }: OpenBlob): Promise<Begun> {
  try {
    return await firstBytes(stream, size === null ? readAhead : signatureBytes);
  } catch (error) {
    stream.destroy();
    if (size !== null) throw error;
    const isTooLarge = error instanceof PermanentError && error.code === 'file_too_large';
    throw new ProblemError(
      isTooLarge ? 'file_too_large' : 'unsupported_type',
      isTooLarge ? error.message : 'The original is packed, and cannot be unpacked.',
    );
  }
}

/** `holiday.jpg` sketched becomes `holiday-sketch.png`. */
function downloadName(job: Job, extension: string): string {
  return `${baseNameOf(job)}-${job.operation}.${extension}`;
}
