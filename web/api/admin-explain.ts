import { createRoute } from '@hono/zod-openapi';
import { type OperationName, optionsFor, parseOptions } from '@spillway/core/operations.ts';
import { calibrationOf } from '@spillway/core/routing/calibration.ts';
import { matchingRule, type SourceRule } from '@spillway/core/source-rules.ts';
import { overTime } from '@spillway/core/steps.ts';
import type { JobRequest } from '@spillway/core/transitions.ts';
import { explainRoute } from '@spillway/pipeline/explain-route.ts';
import type { Ports } from '@spillway/pipeline/ports/ports.ts';
import type { z } from 'zod';
import { adminBodyProblems, adminProblems, adminSecurity, json, problemAnswers } from './describe.ts';
import type { ApiDependencies } from './environment.ts';
import { createOpenApiApp } from './openapi-app.ts';
import { calibrationViewSchema, explainRequestSchema, explanationSchema } from './routing-schema.ts';

const explainRouteNow = () =>
  createRoute({
    method: 'post',
    path: '/explain',
    operationId: 'explainRoute',
    tags: ['admin'],
    security: adminSecurity,
    summary: 'Ask what the router would do with a picture that is not there',
    description:
      'The decision itself, on the world as it is now. Nothing is written, and nothing is ahead of anybody. Seven reads.',
    request: {
      body: { required: true, content: { 'application/json': { schema: explainRequestSchema() } } },
    },
    responses: {
      200: json(explanationSchema, 'The decision.'),
      ...problemAnswers(...adminBodyProblems),
    },
  });

/** Documents that a calibration is made of. Each is a read. */
const calibrationJobs = 300;

const getCalibration = createRoute({
  method: 'get',
  path: '/calibration',
  operationId: 'getCalibration',
  tags: ['admin'],
  security: adminSecurity,
  summary: 'Read how often what was called in time was in time',
  description: `Of the newest ${calibrationJobs} jobs, by their predicted chance; bulk work apart.`,
  responses: { 200: json(calibrationViewSchema, 'The calibration.'), ...problemAnswers(...adminProblems) },
});

/** What decisions are worth, and what they would be. */
export function adminExplainRoutes({ ports }: Pick<ApiDependencies, 'ports'>) {
  return createOpenApiApp()
    .openapi(explainRouteNow(), async (c) => {
      const asked = c.req.valid('json');
      const rule = asked.name === null ? null : matchingRule(await ports.settings.sourceRules(), asked.name);
      const request = requestFor(asked, rule, ports);
      const { choice, deadlineAt, ...rest } = await overTime(explainRoute(request, ports));
      const objectiveMs = deadlineAt.getTime() - request.clockStartsAt.getTime();
      const view = { ...rest, route: choice, owner: request.owner, rule: rule?.prefix ?? null, objectiveMs };
      return c.json(explanationSchema.parse(view), 200);
    })
    .openapi(getCalibration, async (c) => {
      const { jobs } = await ports.feed.find({}, calibrationJobs, null);
      const times = jobs.map(({ createdAt }) => createdAt);
      const calibration = calibrationOf(jobs);
      const [to = null, from = null] = [times[0], times.at(-1)];
      return c.json({ ...calibration, reads: jobs.length, from, to }, 200);
    });
}

type Asked = z.output<ReturnType<typeof explainRequestSchema>>;

/** The request that such an upload would become, with the options of its rule, or the operation's defaults. */
function requestFor(
  asked: Asked,
  rule: SourceRule | null,
  { buckets, clock }: Pick<Ports, 'buckets' | 'clock'>,
): JobRequest & { operation: OperationName } {
  const now = clock.now();
  const { operation, size, contentType, pixels, name, files } = asked;
  const parsed = parseOptions(operation, optionsFor(operation, rule?.options ?? {}));
  return {
    operation,
    options: parsed.ok ? { ...parsed.options } : {},
    owner: rule ? rule.owner : asked.owner,
    source: {
      bucket: name === null ? buckets.webUploads : buckets.uploads,
      name: name ?? 'picture',
      generation: '0',
      size,
      contentType,
      timeCreated: now,
      pixels,
    },
    class: rule?.class ?? asked.class,
    batch: null,
    batchSize: files,
    batchIndex: null,
    upload: null,
    run: 1,
    retryOf: null,
    rerunOf: null,
    trace: null,
    clockStartsAt: now,
  };
}
