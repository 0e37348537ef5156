import { createRoute } from '@hono/zod-openapi';
import { viewOf } from '@spillway/core/operations/manifest-schema.ts';
import { manifestOf, operationNames } from '@spillway/core/operations.ts';
import { json, problemAnswers, visitorProblems } from './describe.ts';
import { type ApiDependencies, limited } from './environment.ts';
import { createOpenApiApp } from './openapi-app.ts';
import { operationListSchema } from './schema.ts';

const listOperations = createRoute({
  method: 'get',
  path: '/operations',
  operationId: 'listOperations',
  tags: ['operations'],
  middleware: limited('reads', null),
  summary: 'List the operations, the built-in ones first',
  description:
    'Each with its words, what it accepts and produces, and its options as a JSON Schema with defaults. `offers` says which of them some worker can do at the moment, and with which models (null: all); an upload may ask for the others all the same.',
  responses: {
    200: json(operationListSchema, 'Every operation that an upload may ask for.'),
    ...problemAnswers(...visitorProblems),
  },
});

/** `GET /operations`. */
export function operationRoutes({ offers }: ApiDependencies) {
  return createOpenApiApp().openapi(listOperations, async (c) => {
    const operations = operationNames.map((name) => viewOf(manifestOf(name)));
    return c.json({ operations, offers: await offers.read() }, 200);
  });
}
