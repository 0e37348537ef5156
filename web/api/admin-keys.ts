import { createRoute, z } from '@hono/zod-openapi';
import { type ApiKey, keptKeyMs } from '@spillway/core/api-keys.ts';
import {
  type ApiKeyView,
  apiKeyListSchema,
  apiKeyViewSchema,
  keyRequestSchema,
  newKeySchema,
} from './admin-schema.ts';
import { audited } from './audit.ts';
import { adminProblems, adminSecurity, json, problemAnswers } from './describe.ts';
import type { ApiDependencies } from './environment.ts';
import { fingerprintOf, newKeyText } from './key-text.ts';
import { createOpenApiApp } from './openapi-app.ts';
import { ProblemError } from './problems.ts';

const params = z.object({ id: z.string().regex(/^[0-9a-f]{16}$/, 'is not the id of an API key') });

const listKeys = createRoute({
  method: 'get',
  path: '/keys',
  operationId: 'listKeys',
  tags: ['admin'],
  security: adminSecurity,
  summary: 'List the API keys of integrators, the newest first',
  responses: {
    200: json(apiKeyListSchema, 'The keys, without their texts.'),
    ...problemAnswers(...adminProblems),
  },
});

const createKey = createRoute({
  method: 'post',
  path: '/keys',
  operationId: 'createKey',
  tags: ['admin'],
  security: adminSecurity,
  summary: 'Make an API key',
  description: 'The answer is the only place where its text ever is.',
  request: { body: { required: true, content: { 'application/json': { schema: keyRequestSchema } } } },
  responses: {
    201: json(newKeySchema, 'The key.'),
    ...problemAnswers(
      'invalid_request',
      'invalid_json',
      ...adminProblems,
      'cross_site',
      'body_too_large',
      'unsupported_media_type',
    ),
  },
});

const revokeKey = createRoute({
  method: 'post',
  path: '/keys/{id}/revoke',
  operationId: 'revokeKey',
  tags: ['admin'],
  security: adminSecurity,
  summary: 'End an API key',
  description: 'It is refused everywhere within a minute.',
  request: { params },
  responses: {
    200: json(apiKeyViewSchema, 'The key as it is now.'),
    ...problemAnswers('invalid_request', ...adminProblems, 'cross_site', 'not_found'),
  },
});

const dayMs = 24 * 3_600_000;
const mostListed = 500;

/** What admins do with the keys of integrators. */
export function adminKeyRoutes({ ports }: ApiDependencies) {
  const { apiKeys, clock } = ports;
  const view = (key: ApiKey): ApiKeyView => apiKeyViewSchema.parse(key);

  return createOpenApiApp()
    .openapi(listKeys, async (c) => c.json({ keys: (await apiKeys.list(mostListed)).map(view) }, 200))
    .openapi(createKey, async (c) => {
      const { validDays, ...wanted } = c.req.valid('json');
      const text = newKeyText();
      const createdAt = clock.now();
      const validUntil = new Date(createdAt.getTime() + validDays * dayMs);
      const key: ApiKey = {
        ...fingerprintOf(text),
        ...wanted,
        scopes: [...new Set(wanted.scopes)],
        createdAt,
        createdBy: c.var.admin,
        validUntil,
        lastUsedAt: null,
        revokedAt: null,
        revokedBy: null,
        expiresAt: new Date(validUntil.getTime() + keptKeyMs),
      };
      const detail = `${key.name}, for ${key.owner}: ${key.scopes.join(', ')}, until ${validUntil.toISOString()}`;
      await audited(ports, c.var.admin, { action: 'create_key', subject: key.id, detail }, async () => {
        // Two of 64-bit ids alike: nobody will see it, and neither key may take the other's place.
        if (!(await apiKeys.create(key))) throw new Error('There is a key with the same id already.');
      });
      return c.json({ text, key: view(key) }, 201);
    })
    .openapi(revokeKey, async (c) => {
      const { id } = c.req.valid('param');
      const before = await apiKeys.get(id);
      if (!before) throw noSuchKey();
      const revokedAt = clock.now();
      const end = {
        revokedAt,
        revokedBy: c.var.admin,
        expiresAt: new Date(revokedAt.getTime() + keptKeyMs),
      };
      const detail = `${before.name}, for ${before.owner}`;
      const deed = { action: 'revoke_key', subject: id, detail } as const;
      const key = await audited(ports, c.var.admin, deed, async () => {
        const revoked = await apiKeys.revoke(id, end);
        if (!revoked) throw noSuchKey();
        return revoked;
      });
      return c.json(view(key), 200);
    });
}

function noSuchKey(): ProblemError {
  return new ProblemError('not_found', 'There is no such API key.');
}
