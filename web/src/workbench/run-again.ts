import type { OperationName } from '@spillway/core/operations.ts';
import { type JobView, jobViewSchema } from '@spillway/web/api/schema.ts';
import { type Reply, requestJson } from '../http/request.ts';
import type { OptionValues } from '../options/chosen-options.ts';

/** Makes something else of the source of a job that is there. Where it is made already, the answer is that job. */
export function runAgain(
  from: string,
  operation: OperationName,
  options: OptionValues,
): Promise<Reply<JobView>> {
  return requestJson('/jobs', jobViewSchema, { method: 'POST', body: { from, operation, options } });
}
