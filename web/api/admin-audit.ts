import { createRoute, z } from '@hono/zod-openapi';
import { storableText } from '@spillway/core/text.ts';
import { auditPageSchema } from './admin-schema.ts';
import { adminProblems, adminSecurity, json, problemAnswers } from './describe.ts';
import type { ApiDependencies } from './environment.ts';
import { createOpenApiApp } from './openapi-app.ts';

const listAdminActions = createRoute({
  method: 'get',
  path: '/audit',
  operationId: 'listAdminActions',
  tags: ['admin'],
  security: adminSecurity,
  summary: 'List what admins did, the latest first',
  description:
    'Entries are kept for 400 days. The outcome `begun` means that nobody knows whether it was done: the program or the database went away before the end was written.',
  request: {
    query: z.object({
      limit: z.coerce.number().int().min(1).max(100).default(50),
      cursor: storableText().max(200).optional(),
    }),
  },
  responses: {
    200: json(auditPageSchema, 'One page; `cursor` leads to the next, and is null on the last.'),
    ...problemAnswers('invalid_request', ...adminProblems),
  },
});

/** `GET /audit`. */
export function adminAuditRoutes({ ports }: ApiDependencies) {
  return createOpenApiApp().openapi(listAdminActions, async (c) => {
    const { limit, cursor } = c.req.valid('query');
    return c.json(auditPageSchema.parse(await ports.audit.recent(limit, cursor ?? null)), 200);
  });
}
