import { OpenAPIHono } from '@hono/zod-openapi';
import type { ApiEnv } from './environment.ts';
import { validationProblem } from './problems.ts';

/** A part of the API. Its routes refuse requests that do not match their schemas, all in the same way. */
export function createOpenApiApp(): OpenAPIHono<ApiEnv> {
  return new OpenAPIHono<ApiEnv>({
    defaultHook(result) {
      if (!result.success) throw validationProblem(result.error, result.target);
    },
  });
}
