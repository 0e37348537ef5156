import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { createRoute, z } from '@hono/zod-openapi';
import { PermanentError } from '@spillway/core/errors.ts';
import { largestFile } from '@spillway/core/file-size.ts';
import type { Job } from '@spillway/core/job.ts';
import { resultContentTypes, resultExtensionOf } from '@spillway/core/picture-types.ts';
import type { Blobs } from '@spillway/pipeline/ports/blobs.ts';
import { attachment } from './content-disposition.ts';
import { anyDocument, jobIdParameter, problemAnswers } from './describe.ts';
import { type ApiDependencies, limited } from './environment.ts';
import { imageType, signatureBytes } from './image-type.ts';
import { visibleJob } from './job-access.ts';
import { createOpenApiApp } from './openapi-app.ts';
import { ProblemError } from './problems.ts';

/** Even a file that passes for a picture can do nothing but be shown. */
const inertHeaders = {
  'X-Content-Type-Options': 'nosniff',
  'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'; sandbox",
  'Cross-Origin-Resource-Policy': 'same-origin',
  // Asked for again each time, which an ETag answers without the bytes: a deleted job's picture must go.
  'Cache-Control': 'private, no-cache',
};

const file = z.string().meta({ format: 'binary' });
const notModified = { description: 'The copy that the request names by its ETag is still right.' };

function resultRoute() {
  return createRoute({
    method: 'get',
    path: '/jobs/{id}/result',
    operationId: 'getJobResult',
    tags: ['jobs'],
    middleware: limited('files'),
    summary: "Read a job's result",
    request: {
      params: jobIdParameter,
      query: z.object({
        download: z.string().optional().describe('Present: as a file to be saved, with a name.'),
      }),
    },
    responses: {
      200: {
        description: 'The result: a picture, a JSON document or plain text, as the operation makes it.',
        content: resultContent(),
      },
      304: notModified,
      ...problemAnswers('invalid_request', 'not_found', 'no_result', 'too_many_requests'),
    },
  });
}

/** What operations make: nothing else is ever served from the results bucket. */
function resultContent(): Record<string, { schema: z.ZodType }> {
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
  middleware: limited('files'),
  summary: 'Read the original of a job',
  description: 'Only if its bytes are those of a picture, whatever it was called.',
  request: { params: jobIdParameter },
  responses: {
    200: {
      description: 'The picture, with the type its bytes show.',
      content: { 'image/*': { schema: file } },
    },
    304: notModified,
    ...problemAnswers(
      'invalid_request',
      'not_found',
      'source_gone',
      'file_too_large',
      'unsupported_type',
      'too_many_requests',
    ),
  },
});

/** A job's result and its original, as files. */
export function jobFileRoutes({ ports }: ApiDependencies) {
  return createOpenApiApp()
    .openapi(resultRoute(), async (c) => {
      const job = await visibleJob(c.req.valid('param').id, c.var.visitor, ports.jobs);
      const extension = job.result && resultExtensionOf(job.result.contentType);
      if (!job.result || !extension) throw new ProblemError('no_result', 'The job has no result to show.');
      const headers: Record<string, string> = { ...inertHeaders, ETag: `"${job.result.generation}"` };
      if (matches(c.req.header('if-none-match'), headers.ETag)) return c.body(null, 304, headers);
      headers['Content-Type'] = job.result.contentType;
      headers['Content-Length'] = String(job.result.size);
      if (c.req.valid('query').download !== undefined) {
        headers['Content-Disposition'] = attachment(downloadName(job, extension));
      }
      // Hono answers HEAD with a GET handler and drops the body: a stream would stay open.
      if (c.req.method === 'HEAD') return c.body(null, 200, headers);
      const blob = await ports.blobs.read(job.result.bucket, job.result.name);
      if (!blob) throw new ProblemError('no_result', 'The result is no longer there.');
      if (blob.size === null) delete headers['Content-Length'];
      else headers['Content-Length'] = String(blob.size);
      return new Response(Readable.toWeb(blob.stream) as ReadableStream, { headers });
    })
    .openapi(source, async (c) => {
      const job = await visibleJob(c.req.valid('param').id, c.var.visitor, ports.jobs);
      if (job.source.size > largestFile) {
        throw new ProblemError('file_too_large', 'The original is too large to be shown here.');
      }
      const headers: Record<string, string> = { ...inertHeaders, ETag: `"${job.source.generation}"` };
      if (matches(c.req.header('if-none-match'), headers.ETag)) return c.body(null, 304, headers);
      const original = await openSource(job, ports.blobs);
      headers['Content-Type'] = original.contentType;
      headers['Content-Length'] = String(original.size);
      if (c.req.method !== 'HEAD') return new Response(original.body(), { headers });
      await original.close();
      return c.body(null, 200, headers);
    });
}

interface OpenSource {
  contentType: string;
  size: number;
  body(): ReadableStream;
  close(): Promise<void>;
}

/**
 * The very generation that the job worked on, from a file that nobody else can see: reading an object by name
 * would show the newer picture where a camera uses its names again.
 */
async function openSource(job: Job, blobs: Blobs): Promise<OpenSource> {
  const directory = await mkdtemp(join(tmpdir(), 'spillway-source-'));
  try {
    const path = join(directory, 'source');
    const download = await Promise.resolve(blobs.download(job.source, path)).catch(refuseUnreadable);
    if (download.kind === 'gone') throw new ProblemError('source_gone', 'The original is no longer there.');
    const handle = await open(path);
    try {
      const { size } = await handle.stat();
      const { buffer } = await handle.read({ buffer: Buffer.alloc(signatureBytes), position: 0 });
      const contentType = imageType(buffer);
      if (!contentType) throw new ProblemError('unsupported_type', 'The original is not a picture.');
      const stream = () => handle.createReadStream({ start: 0 });
      return {
        contentType,
        size,
        body: () => Readable.toWeb(stream()) as ReadableStream,
        close: () => handle.close(),
      };
    } catch (error) {
      await handle.close();
      throw error;
    }
  } finally {
    // The open file outlives its name, and goes when the reader has ended, however it ends.
    await rm(directory, { recursive: true, force: true });
  }
}

/** What cannot be unpacked cannot be shown; the job says so too. */
function refuseUnreadable(error: unknown): never {
  if (!(error instanceof PermanentError)) throw error;
  const code = error.code === 'file_too_large' ? 'file_too_large' : 'unsupported_type';
  throw new ProblemError(code, error.message);
}

/** `holiday.jpg` sketched becomes `holiday-sketch.png`. */
function downloadName(job: Job, extension: string): string {
  const base = job.source.name.split('/').at(-1) || 'picture';
  return `${base.replace(/(?<=.)\.\w{1,8}$/, '')}-${job.operation}.${extension}`;
}

function matches(ifNoneMatch: string | undefined, etag: string | undefined): boolean {
  const tags = ifNoneMatch?.split(',').map((tag) => tag.trim().replace(/^W\//, '')) ?? [];
  return tags.includes('*') || (etag !== undefined && tags.includes(etag));
}
