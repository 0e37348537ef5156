import type { OperationName } from '@spillway/core/operations.ts';
import { batchChangeSchema } from '@spillway/web/api/schema.ts';
import type { z } from 'zod';
import { type Reply, requestJson } from '../http/request.ts';

/** Runs again what failed and may succeed. */
export function retryBatch(id: string): Promise<Reply<null>> {
  return change('POST', `${pathOf(id)}/retry`);
}

/** Stops everything that has not ended. */
export function cancelBatch(id: string): Promise<Reply<null>> {
  return change('POST', `${pathOf(id)}/cancel`);
}

/** Deletes its pictures and everything that was made of them. */
export function deleteBatch(id: string): Promise<Reply<null>> {
  return change('DELETE', pathOf(id));
}

/** Makes the same of every picture that is not made of it already. */
export function runForBatch(
  id: string,
  operation: OperationName,
  options: Readonly<Record<string, unknown>>,
): Promise<Reply<null>> {
  return change('POST', `${pathOf(id)}/jobs`, { operation, options });
}

/** Address of a ZIP file of everything that was made. */
export function archiveUrl(id: string): string {
  return `/api/v1${pathOf(id)}/archive`;
}

/** Address of all captions in one file. */
export function captionsUrl(id: string, format: 'csv' | 'txt'): string {
  return `/api/v1${pathOf(id)}/captions?format=${format}`;
}

function pathOf(id: string): string {
  return `/batches/${encodeURIComponent(id)}`;
}

/** The server changes some jobs at a time, and says where to go on. */
async function change(method: 'POST' | 'DELETE', path: string, body?: unknown): Promise<Reply<null>> {
  const problems: string[] = [];
  for (let cursor: string | null = null; ; ) {
    const query: string = cursor === null ? '' : `?cursor=${encodeURIComponent(cursor)}`;
    const reply: Reply<z.infer<typeof batchChangeSchema>> = await requestJson(
      `${path}${query}`,
      batchChangeSchema,
      {
        method,
        body,
      },
    );
    if (!reply.ok) return reply;
    problems.push(...reply.value.failed.map(({ message }) => message));
    cursor = reply.value.cursor;
    if (cursor === null) break;
  }
  const [message] = problems;
  if (message === undefined) return { ok: true, value: null };
  return { ok: false, failure: { status: 409, code: 'partly', message, retryAfterMs: null } };
}
