import { createRoute, z } from '@hono/zod-openapi';
import { conditionOfShare, keptShareMs, mostShares, type Share } from '@spillway/core/shares.ts';
import { json, openTo, problemAnswers, visitorProblems } from './describe.ts';
import { type ApiDependencies, limited } from './environment.ts';
import { fingerprintOf, newShareToken } from './key-text.ts';
import { createOpenApiApp } from './openapi-app.ts';
import { ProblemError } from './problems.ts';
import { newShareSchema, shareListSchema, shareRequestSchema, shareViewSchema } from './schema.ts';

export const shareIdSchema = z.string().regex(/^[0-9a-f]{16}$/, 'is not the id of a private link');
const params = z.object({ id: shareIdSchema });

/** Links of an owner that are kept, with those that have ended. */
const mostKept = 2 * mostShares;
/** Some more than are kept: two that are made at the same moment may be one too many. */
const mostListed = mostKept + 50;

const listShares = createRoute({
  method: 'get',
  path: '/shares',
  operationId: 'listShares',
  tags: ['shares'],
  middleware: limited('reads', 'read'),
  security: openTo('read'),
  summary: 'List your own private links, the newest first',
  responses: {
    200: json(
      shareListSchema,
      'The links, without their tokens. Those that have ended stay for a week, or until there are 100.',
    ),
    ...problemAnswers(...visitorProblems),
  },
});

const createShare = createRoute({
  method: 'post',
  path: '/shares',
  operationId: 'createShare',
  tags: ['shares'],
  middleware: limited('changes', 'change'),
  security: openTo('change'),
  summary: 'Make a private link to a batch',
  description:
    'Whoever has the link sees the pictures and results of that batch, and nothing else, until it ends or is revoked. The page of a link is `/shared/#<token>`. The answer is the only place where the token ever is.',
  request: { body: { required: true, content: { 'application/json': { schema: shareRequestSchema } } } },
  responses: {
    201: json(newShareSchema, 'The link.'),
    ...problemAnswers(
      'invalid_request',
      'invalid_json',
      'cross_site',
      'too_many_links',
      'body_too_large',
      'unsupported_media_type',
      ...visitorProblems,
    ),
  },
});

const revokeShare = createRoute({
  method: 'post',
  path: '/shares/{id}/revoke',
  operationId: 'revokeShare',
  tags: ['shares'],
  middleware: limited('changes', 'change'),
  security: openTo('change'),
  summary: 'End a private link',
  description: 'It opens nothing any more, within ten seconds everywhere.',
  request: { params },
  responses: {
    200: json(shareViewSchema, 'The link as it is now.'),
    ...problemAnswers('invalid_request', 'cross_site', 'not_found', ...visitorProblems),
  },
});

/** What people do with the private links of their batches. */
export function shareRoutes({ ports, shareDoor }: ApiDependencies) {
  const { shares, clock } = ports;
  const view = (share: Share) => shareViewSchema.parse(share);

  return createOpenApiApp()
    .openapi(listShares, async (c) => {
      const own = await shares.ofOwner(c.var.visitor.owner, mostListed);
      return c.json({ shares: own.map(view) }, 200);
    })
    .openapi(createShare, async (c) => {
      const { owner } = c.var.visitor;
      const { hours, ...wanted } = c.req.valid('json');
      const createdAt = clock.now();
      const own = await shares.ofOwner(owner, mostListed);
      const ended = own.filter((each) => conditionOfShare(each, createdAt) !== 'valid');
      if (own.length - ended.length >= mostShares) {
        const detail = `You have ${mostShares} private links. Revoke one that is no longer needed.`;
        throw new ProblemError('too_many_links', detail);
      }
      // Beyond what a list shows, a link that is valid could neither be seen nor ended.
      const tooMany = Math.max(0, own.length + 1 - mostKept);
      for (const { id } of tooMany > 0 ? ended.slice(-tooMany) : []) await shares.remove(id);
      const token = newShareToken();
      const validUntil = new Date(createdAt.getTime() + hours * 3_600_000);
      const share: Share = {
        ...fingerprintOf(token),
        ...wanted,
        owner,
        createdAt,
        validUntil,
        revokedAt: null,
        expiresAt: new Date(validUntil.getTime() + keptShareMs),
      };
      // Two of 64-bit ids alike: nobody will see it, and neither link may take the other's place.
      if (!(await shares.create(share))) throw new Error('There is a link with the same id already.');
      return c.json({ token, share: view(share) }, 201);
    })
    .openapi(revokeShare, async (c) => {
      const { id } = c.req.valid('param');
      const share = await shares.get(id);
      // Somebody else's link and one that does not exist give the same answer.
      if (share?.owner !== c.var.visitor.owner) throw noSuchLink();
      const revokedAt = clock.now();
      const expiresAt = new Date(revokedAt.getTime() + keptShareMs);
      const revoked = await shares.revoke(id, { revokedAt, expiresAt });
      shareDoor.forget(id);
      if (!revoked) throw noSuchLink();
      return c.json(view(revoked), 200);
    });
}

function noSuchLink(): ProblemError {
  return new ProblemError('not_found', 'You have no such private link.');
}
