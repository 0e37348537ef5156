import { OpenAPIHono, type RouteConfig, z } from '@hono/zod-openapi';
import type { ApiEnv } from './environment.ts';
import { validationProblem } from './problems.ts';

/**
 * A part of the API. Its routes refuse requests that do not match their schemas, all in the same way. A query parameter that
 * a route does not name is refused too: a filter that is misspelt would else be answered as if it were none.
 */
export function createOpenApiApp(): OpenAPIHono<ApiEnv> {
  const app = new OpenAPIHono<ApiEnv>({
    defaultHook(result) {
      if (!result.success) throw validationProblem(result.error, result.target);
    },
  });
  const { openapi } = app;
  app.openapi = ((
    route: RouteConfig,
    ...handlers: Parameters<typeof openapi> extends [unknown, ...infer More] ? More : never
  ) => openapi(withStrictQuery(route), ...handlers)) as typeof openapi;
  return app;
}

function withStrictQuery(route: RouteConfig): RouteConfig {
  const query = route.request?.query ?? z.object({});
  if (!(query instanceof z.ZodObject)) throw new Error(`The query of ${route.path} is not an object.`);
  return { ...route, request: { ...route.request, query: query.strict() } };
}
