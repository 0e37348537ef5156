import { createRoute } from '@hono/zod-openapi';
import { viewOf } from '@spillway/core/operations/manifest-schema.ts';
import { manifestOf, operationNames } from '@spillway/core/operations.ts';
import { json, problemAnswers } from './describe.ts';
import { limited } from './environment.ts';
import { createOpenApiApp } from './openapi-app.ts';
import { operationListSchema } from './schema.ts';

const listOperations = createRoute({
  method: 'get',
  path: '/operations',
  operationId: 'listOperations',
  tags: ['operations'],
  middleware: limited('reads'),
  summary: 'List the operations, the built-in ones first',
  description:
    'Each with its words, what it accepts and produces, and its options as a JSON Schema with defaults.',
  responses: {
    200: json(operationListSchema, 'Every operation that an upload may ask for.'),
    ...problemAnswers('too_many_requests'),
  },
});

/** `GET /operations`. */
export function operationRoutes() {
  return createOpenApiApp().openapi(listOperations, (c) =>
    c.json({ operations: operationNames.map((name) => viewOf(manifestOf(name))) }, 200),
  );
}
