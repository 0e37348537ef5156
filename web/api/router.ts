import { OpenAPIHono } from '@hono/zod-openapi';
import type { ApiEnv } from './environment.ts';
import { validationProblem } from './problems.ts';

/** A router whose routes refuse requests that do not match their schemas, each in the same way. */
export function createRouter(): OpenAPIHono<ApiEnv> {
  return new OpenAPIHono<ApiEnv>({
    defaultHook(result) {
      if (!result.success) throw validationProblem(result.error, result.target);
    },
  });
}
