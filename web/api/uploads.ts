import { randomUUID } from 'node:crypto';
import { createRoute } from '@hono/zod-openapi';
import { webObjectName } from '@spillway/core/object-names.ts';
import { type OperationName, parseOptions } from '@spillway/core/operations.ts';
import { traceSession } from '@spillway/pipeline/upload-trace.ts';
import type { z } from 'zod';
import { json, openTo, problemAnswers, visitorProblems } from './describe.ts';
import { type ApiDependencies, limited } from './environment.ts';
import { createOpenApiApp } from './openapi-app.ts';
import { ProblemError } from './problems.ts';
import { uploadRequestSchema, uploadSchema } from './schema.ts';

function openUpload() {
  return createRoute({
    method: 'post',
    path: '/uploads',
    operationId: 'openUpload',
    tags: ['uploads'],
    middleware: limited('uploads', 'upload'),
    security: openTo('upload'),
    summary: 'Open a resumable upload for one file',
    description:
      'The browser sends the bytes straight to `sessionUrl`. Once they are there, `GET /jobs?upload=<uploadId>` finds the jobs, one for each operation.',
    request: { body: { required: true, content: { 'application/json': { schema: uploadRequestSchema() } } } },
    responses: {
      201: json(uploadSchema, 'The upload is open.'),
      ...problemAnswers(
        'invalid_request',
        'invalid_json',
        'cross_site',
        'body_too_large',
        'unsupported_media_type',
        'invalid_options',
        'storage_full',
        ...visitorProblems,
      ),
    },
  });
}

/** `POST /uploads`. */
export function uploadRoutes({ ports, sessionAddress = (url) => url }: ApiDependencies) {
  return createOpenApiApp().openapi(openUpload(), async (c) => {
    const request = c.req.valid('json');
    const operations = [...new Set(request.operations)];
    const options = allOptions(operations, request.options);
    const uploadId = randomUUID();
    const batchId = request.batchId ?? randomUUID();
    const objectName = webObjectName(c.var.visitor.owner, uploadId, request.fileName);
    const trace = traceSession(ports);
    const { protocol, url } = await ports.blobs.openUpload({
      bucket: ports.buckets.webUploads,
      name: objectName,
      contentType: mediaType(request.contentType),
      size: request.size,
      metadata: {
        operation: operations.join(','),
        options: JSON.stringify(options),
        batch: batchId,
        upload: uploadId,
        'batch-size': String(request.files),
        ...(request.index === undefined ? {} : { 'batch-index': String(request.index) }),
        ...(request.pixels === undefined ? {} : { pixels: String(request.pixels) }),
        ...(trace === null ? {} : { traceparent: trace.traceparent }),
      },
      origin: pageOrigin(c.req.header('origin')),
    });
    trace?.opened();
    c.header('Cache-Control', 'no-store');
    const sessionUrl = sessionAddress(url, c);
    return c.json({ uploadId, batchId, objectName, protocol, sessionUrl }, 201);
  });
}

/** Options of every operation, complete and valid: what is wrong is said before a byte is sent. */
function allOptions(
  operations: OperationName[],
  given: z.output<ReturnType<typeof uploadRequestSchema>>['options'],
): Partial<Record<OperationName, unknown>> {
  const parsed = operations.map((operation) => {
    const result = parseOptions(operation, given[operation]);
    if (!result.ok) throw new ProblemError('invalid_options', result.message);
    return [operation, result.options] as const;
  });
  return Object.fromEntries(parsed);
}

/** The type is only a label here (the workers look at the bytes), but it must not break a header. */
function mediaType(given: string): string {
  return /^[\w.+-]+\/[\w.+-]+$/.test(given) ? given : 'application/octet-stream';
}

/**
 * A sandboxed page's origin is the word `null`, which Cloud Storage cannot allow; what else is no origin is no page's.
 */
function pageOrigin(header: string | undefined): string | null {
  return header !== undefined && URL.parse(header)?.origin === header ? header : null;
}
