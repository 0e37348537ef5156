import { createRoute } from '@hono/zod-openapi';
import { adminWords } from '@spillway/core/audit.ts';
import { isOperationName } from '@spillway/core/operations.ts';
import { contradictionsIn, type RoutingSettings } from '@spillway/core/settings.ts';
import type { RoutingSettingsReading } from '@spillway/pipeline/ports/ports.ts';
import { type SettingsView, settingsRequestSchema, settingsSchema } from './admin-schema.ts';
import { audited } from './audit.ts';
import { adminBodyProblems, adminProblems, adminSecurity, json, problemAnswers } from './describe.ts';
import type { ApiDependencies } from './environment.ts';
import { createOpenApiApp } from './openapi-app.ts';
import { invalidFields, ProblemError, unknownFieldsProblem } from './problems.ts';
import { differenceBetween } from './settings-difference.ts';
import { unknownFields } from './unknown-fields.ts';

const getSettings = createRoute({
  method: 'get',
  path: '/settings',
  operationId: 'getSettings',
  tags: ['admin'],
  security: adminSecurity,
  summary: 'Read the settings that are in force',
  responses: { 200: json(settingsSchema, 'The settings.'), ...problemAnswers(...adminProblems) },
});

const changeSettings = createRoute({
  method: 'put',
  path: '/settings',
  operationId: 'changeSettings',
  tags: ['admin'],
  security: adminSecurity,
  summary: 'Replace the routing settings',
  description:
    'They are in force everywhere within five seconds. With `basedOn`, settings that somebody else has changed since are not overwritten.',
  request: { body: { required: true, content: { 'application/json': { schema: settingsRequestSchema } } } },
  responses: {
    200: json(settingsSchema, 'The settings as they are now.'),
    ...problemAnswers(...adminBodyProblems, 'settings_changed'),
  },
});

/** `GET` and `PUT /settings`. */
export function adminSettingsRoutes({ ports, liveDashboard }: ApiDependencies) {
  return createOpenApiApp()
    .openapi(getSettings, async (c) => c.json(viewOf(await ports.settings.readRouting()), 200))
    .openapi(changeSettings, async (c) => {
      const { routing, basedOn } = c.req.valid('json');
      refuseUnknownFields(await c.req.json(), c.req.valid('json'));
      const before = await ports.settings.readRouting();
      refuseUnknownOperations(routing, before.settings);
      refuseContradictions(routing);
      if (basedOn !== undefined) refuseStale(basedOn, before);
      const detail = differenceBetween(before.settings, routing);
      const deed = { action: 'change_settings', subject: 'settings/routing', detail } as const;
      const reading = await audited(ports, c.var.admin, deed, async () =>
        ports.settings.changeRouting(routing, c.var.admin),
      );
      ports.recorder.mark({ kind: 'settings', text: `Settings of routing: ${detail}`, by: c.var.admin });
      liveDashboard.readAgain();
      return c.json(viewOf(reading), 200);
    });
}

function viewOf({ settings, change, problem }: RoutingSettingsReading): SettingsView {
  return { routing: settings, change, problem };
}

/** The schema passes over fields that it does not know, as readers must; who writes one has probably mistyped it. */
export function refuseUnknownFields(given: unknown, understood: unknown): void {
  const unknown = unknownFields(given, understood);
  if (unknown.length > 0) throw unknownFieldsProblem(unknown.map((path) => `json.${path}`));
}

/** An objective that was there before may stay: its plug-in is gone, and may come back. */
function refuseUnknownOperations({ objectivesMs }: RoutingSettings, before: RoutingSettings): void {
  const unknown = Object.keys(objectivesMs).filter(
    (name) => !isOperationName(name) && !Object.hasOwn(before.objectivesMs, name),
  );
  if (unknown.length > 0) {
    throw unknownFieldsProblem(unknown.map((name) => `json.routing.objectivesMs.${name}`));
  }
}

export function refuseContradictions(routing: RoutingSettings): void {
  const found = contradictionsIn(routing).map(({ path, message }) => ({
    path: `json.routing.${path}`,
    message,
  }));
  if (found.length > 0) throw invalidFields(found);
}

/**
 * The settings are read just before they are replaced, not under one lock: two admins who save within the same
 * fraction of a second both pass. What this is for is the form that was open while somebody else saved.
 */
export function refuseStale(
  basedOn: string | null,
  { change }: Pick<RoutingSettingsReading, 'change'>,
): void {
  const seen = basedOn === null ? null : Date.parse(basedOn);
  if (seen === (change?.updatedAt.getTime() ?? null)) return;
  const who = change
    ? `They were changed by ${adminWords(change.updatedBy)} at ${change.updatedAt.toISOString()}`
    : 'They are gone';
  throw new ProblemError('settings_changed', `${who}. Nothing was saved.`);
}
