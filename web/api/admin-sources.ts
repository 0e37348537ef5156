import { createRoute } from '@hono/zod-openapi';
import { largestFile } from '@spillway/core/file-size.ts';
import { problemsOfRules, type RuleProblem } from '@spillway/core/source-rules.ts';
import { refuseStale, refuseUnknownFields } from './admin-settings.ts';
import { audited } from './audit.ts';
import { adminBodyProblems, adminProblems, adminSecurity, json, problemAnswers } from './describe.ts';
import type { ApiDependencies } from './environment.ts';
import { limits } from './limits.ts';
import { createOpenApiApp } from './openapi-app.ts';
import { invalidFields } from './problems.ts';
import { limitsSchema, sourcesRequestSchema, sourcesSchema } from './routing-schema.ts';
import { differenceOfRules } from './settings-difference.ts';

const getSources = createRoute({
  method: 'get',
  path: '/sources',
  operationId: 'getSources',
  tags: ['admin'],
  security: adminSecurity,
  summary: 'Read the rules for senders that are in force',
  responses: { 200: json(sourcesSchema, 'The rules.'), ...problemAnswers(...adminProblems) },
});

const changeSources = createRoute({
  method: 'put',
  path: '/sources',
  operationId: 'changeSources',
  tags: ['admin'],
  security: adminSecurity,
  summary: 'Replace the rules for senders',
  description:
    'Routers go by them within five seconds. With `basedOn`, rules that somebody else has changed since are not overwritten.',
  request: { body: { required: true, content: { 'application/json': { schema: sourcesRequestSchema } } } },
  responses: {
    200: json(sourcesSchema, 'The rules as they are now.'),
    ...problemAnswers(...adminBodyProblems, 'settings_changed'),
  },
});

const getLimits = createRoute({
  method: 'get',
  path: '/limits',
  operationId: 'getLimits',
  tags: ['admin'],
  security: adminSecurity,
  summary: 'Read what visitors and programs may do, and how often',
  responses: { 200: json(limitsSchema, 'The limits of each instance.'), ...problemAnswers(...adminProblems) },
});

/** Who sends pictures, and what they may do. */
export function adminSourceRoutes({ ports, liveDashboard }: ApiDependencies) {
  return createOpenApiApp()
    .openapi(getSources, async (c) => c.json(await ports.settings.readSources(), 200))
    .openapi(changeSources, async (c) => {
      const { rules, basedOn } = c.req.valid('json');
      const before = await ports.settings.readSources();
      refuseUnknownFields(await c.req.json(), c.req.valid('json'));
      refuseRules(problemsOfRules(rules, before.rules));
      if (basedOn !== undefined) refuseStale(basedOn, before);
      const detail = differenceOfRules(before.rules, rules);
      const deed = { action: 'change_sources', subject: 'settings/sources', detail } as const;
      const reading = await audited(ports, c.var.admin, deed, async () =>
        ports.settings.changeSources(rules, c.var.admin),
      );
      ports.recorder.mark({ kind: 'sources', text: `Rules for senders: ${detail}`, by: c.var.admin });
      liveDashboard.readAgain();
      return c.json(reading, 200);
    })
    .openapi(getLimits, (c) => {
      const all = Object.values(limits).map(({ what, owner, address, stranger }) => ({
        name: what,
        owner,
        address,
        stranger,
      }));
      return c.json({ limits: all, largestFile }, 200);
    });
}

export function refuseRules(problems: readonly RuleProblem[]): void {
  if (problems.length === 0) return;
  throw invalidFields(
    problems.map(({ rule, field, message }) => ({ path: `json.rules.${rule}.${field}`, message })),
  );
}
