import { text } from 'node:stream/consumers';
import { createRoute } from '@hono/zod-openapi';
import {
  adminProblems,
  adminSecurity,
  anyDocument,
  jobIdParameter,
  json,
  problemAnswers,
} from './describe.ts';
import type { ApiDependencies } from './environment.ts';
import { anyOwner, visibleJob } from './job-access.ts';
import { createOpenApiApp } from './openapi-app.ts';
import { ProblemError } from './problems.ts';

const getJobReceipt = createRoute({
  method: 'get',
  path: '/jobs/{id}/receipt',
  operationId: 'getJobReceipt',
  tags: ['admin'],
  security: adminSecurity,
  summary: "Read the receipt beside a job's result",
  request: { params: jobIdParameter },
  responses: {
    200: json(anyDocument(), 'The receipt, as it is in the bucket.'),
    ...problemAnswers('invalid_request', ...adminProblems, 'not_found', 'no_result'),
  },
});

/** Receipts have a kilobyte or two. Somebody may have put anything in its place. Bytes. */
const largestReceipt = 256 * 1_024;

export function adminReceiptRoutes({ ports }: Pick<ApiDependencies, 'ports'>) {
  return createOpenApiApp().openapi(getJobReceipt, async (c) => {
    const { result } = await visibleJob(c.req.valid('param').id, anyOwner, ports.jobs);
    if (!result) throw new ProblemError('no_result', 'The job has no receipt.');
    const range = { first: 0, last: largestReceipt - 1 };
    const found = await ports.blobs.read(result.bucket, result.receipt, { range });
    if (!found) throw new ProblemError('no_result', 'The receipt is no longer there.');
    return c.json(parsed(await text(found.stream)), 200);
  });
}

function parsed(content: string): object {
  try {
    return Object(JSON.parse(content));
  } catch {
    throw new ProblemError('no_result', 'What is in the place of the receipt is no JSON.');
  }
}
