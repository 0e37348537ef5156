import type { OpenAPIHono } from '@hono/zod-openapi';
import type { MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { adminRoutes } from './admin.ts';
import { batchRoutes } from './batches.ts';
import { refuseCrossSite } from './cross-site.ts';
import { deletionRoutes } from './deletion.ts';
import { enterRoutes } from './enter.ts';
import { type ApiDependencies, type ApiEnv, recognizeVisitor, requireAdmin } from './environment.ts';
import { eraseRoutes } from './erase.ts';
import { eventRoutes } from './events.ts';
import { healthRoutes } from './health.ts';
import { jobFileRoutes } from './job-files.ts';
import { jobThumbnailRoutes } from './job-thumbnails.ts';
import { jobRoutes } from './jobs.ts';
import { metricsRoutes } from './metrics.ts';
import { createOpenApiApp } from './openapi-app.ts';
import { operationRoutes } from './operations.ts';
import { ProblemError, problemResponse } from './problems.ts';
import { proxyHeader } from './proxy-admins.ts';
import { rerunRoutes } from './reruns.ts';
import { retentionRoutes } from './retention.ts';
import { sessionCookie } from './sessions.ts';
import { shareCookie } from './share-door.ts';
import { sharedRoutes } from './shared.ts';
import { shareRoutes } from './shares.ts';
import { adminCookie } from './token-admins.ts';
import { uploadRoutes } from './uploads.ts';

/** Bytes. Bodies are small JSON: pictures go straight to the bucket. */
const largestBody = 64 * 1_024;

/** The HTTP API: everything under `/api`, and the admin's way in. */
export function createApi(dependencies: ApiDependencies): OpenAPIHono<ApiEnv> {
  const { ports, sessions, admins, pages, version } = dependencies;
  const api = createOpenApiApp();
  api.onError((error, c) => problemResponse(error, c, ports.log));
  api.notFound((c) => problemResponse(unknownRoute(c.req.path), c, ports.log));

  api.use('/api/*', inertAnswers, refuseCrossSite(sessions));
  for (const path of [
    '/operations',
    '/uploads',
    '/jobs/*',
    '/batches/*',
    '/deletion',
    '/retention',
    '/everything',
    '/events',
    '/shares/*',
  ]) {
    // Where there are no visitors, whoever asks for pictures has to be an admin.
    if (pages === 'admin') api.use(`/api/v1${path}`, requireAdmin(dependencies));
    api.use(`/api/v1${path}`, recognizeVisitor(dependencies));
  }
  api.use('/api/*', bodyLimit({ maxSize: largestBody, onError: refuseLargeBody }));

  api.route('/', healthRoutes(dependencies));
  api.route('/api/v1', operationRoutes(dependencies));
  api.route('/api/v1', jobRoutes(dependencies));
  api.route('/api/v1', rerunRoutes(dependencies));
  api.route('/api/v1', jobFileRoutes(dependencies));
  api.route('/api/v1', jobThumbnailRoutes(dependencies));
  api.route('/api/v1', batchRoutes(dependencies));
  api.route('/api/v1', deletionRoutes(dependencies));
  if (pages !== 'admin') {
    api.route('/api/v1', uploadRoutes(dependencies));
    api.route('/api/v1', eventRoutes(dependencies));
    api.route('/api/v1', retentionRoutes(dependencies));
    api.route('/api/v1', eraseRoutes(dependencies));
    api.route('/api/v1', shareRoutes(dependencies));
    api.route('/api/v1', sharedRoutes(dependencies));
  }
  if (pages !== 'visitors') {
    if (admins.tokens) api.route('/', enterRoutes(sessions, admins.tokens));
    api.route('/api/v1/admin', adminRoutes(dependencies));
    api.route('/', metricsRoutes(dependencies));
  }
  describeApi(api, version);
  refuseOtherMethods(api);
  return api;
}

/** Answers of the API are data: not for caches, unless a route says otherwise, and not for guessing. */
const inertAnswers: MiddlewareHandler = async (c, next) => {
  await next();
  if (!c.res.headers.has('Cache-Control')) c.header('Cache-Control', 'no-store');
  c.header('X-Content-Type-Options', 'nosniff');
};

function describeApi(api: OpenAPIHono<ApiEnv>, version: string): void {
  const components = api.openAPIRegistry;
  components.registerComponent('securitySchemes', 'adminToken', { type: 'http', scheme: 'bearer' });
  components.registerComponent('securitySchemes', 'adminCookie', {
    type: 'apiKey',
    in: 'cookie',
    name: adminCookie,
  });
  components.registerComponent('securitySchemes', 'identityAwareProxy', {
    type: 'apiKey',
    in: 'header',
    name: proxyHeader,
    description: 'Signed by Identity-Aware Proxy, where the service is behind it.',
  });
  components.registerComponent('securitySchemes', 'apiKey', {
    type: 'http',
    scheme: 'bearer',
    description:
      'A key that an admin has made for a program: `Authorization: Bearer spw_…`. Each route names the scope that it needs, one of `upload`, `read` and `change`.',
  });
  components.registerComponent('securitySchemes', 'shareCookie', {
    type: 'apiKey',
    in: 'cookie',
    name: shareCookie,
    description: 'Set by `POST /shared/open` for the addresses of one private link.',
  });
  components.registerComponent('securitySchemes', 'visitorCookie', {
    type: 'apiKey',
    in: 'cookie',
    name: sessionCookie,
    description:
      'Set by the first answer to a visitor; it says whose jobs are meant. Without it there are none.',
  });
  const document = api.getOpenAPI31Document({
    openapi: '3.1.0',
    security: [{ visitorCookie: [] }, { apiKey: [] }],
    info: {
      title: 'Spillway',
      version,
      description:
        'Turns pictures into pencil sketches, cut-outs and captions. A visitor is known by a signed cookie, and a program by its API key. Errors are `application/problem+json` with a stable `code`. What a visitor does too often is answered with 429 and a `Retry-After` in seconds.',
    },
  });
  api.get('/api/v1/openapi.json', (c) => c.json(document));
}

/** Every known address answers other methods by naming those it has. */
function refuseOtherMethods(api: OpenAPIHono<ApiEnv>): void {
  const methods = new Map<string, Set<string>>();
  for (const { method, path } of api.routes) {
    if (method === 'ALL') continue;
    methods.set(path, (methods.get(path) ?? new Set()).add(method));
  }
  for (const [path, allowed] of methods) {
    if (allowed.has('GET')) allowed.add('HEAD');
    const allow = [...allowed].sort().join(', ');
    api.all(path, () => {
      throw new ProblemError('method_not_allowed', `This address has: ${allow}.`, {
        headers: { Allow: allow },
      });
    });
  }
}

function refuseLargeBody(): never {
  throw new ProblemError('body_too_large', `A body may have up to ${largestBody} bytes.`);
}

function unknownRoute(path: string): ProblemError {
  return new ProblemError('unknown_route', `There is nothing at ${path.slice(0, 200)}.`);
}
