import { createRoute, z } from '@hono/zod-openapi';
import { routingSettingsSchema, type SettingsChange } from '@spillway/core/settings.ts';
import type { SettingsEntry } from '@spillway/core/settings-history.ts';
import { problemsOfRules, sourceSettingsSchema } from '@spillway/core/source-rules.ts';
import type { Ports } from '@spillway/pipeline/ports/ports.ts';
import { refuseContradictions } from './admin-settings.ts';
import { refuseRules } from './admin-sources.ts';
import { audited } from './audit.ts';
import { adminProblems, adminSecurity, json, problemAnswers } from './describe.ts';
import type { ApiDependencies } from './environment.ts';
import { createOpenApiApp } from './openapi-app.ts';
import { ProblemError } from './problems.ts';
import { settingsHistoryQuery, settingsHistorySchema, undoneSchema } from './routing-schema.ts';
import { differencesOf, withoutChange } from './settings-difference.ts';

const listSettingsChanges = createRoute({
  method: 'get',
  path: '/settings/history',
  operationId: 'listSettingsChanges',
  tags: ['admin'],
  security: adminSecurity,
  summary: 'List changes of settings, the latest first',
  description: 'Each with who made it, when, and value by value what it changed. Kept for 400 days.',
  request: { query: settingsHistoryQuery },
  responses: {
    200: json(settingsHistorySchema, 'One page; `cursor` leads to the next, and is null on the last.'),
    ...problemAnswers('invalid_request', ...adminProblems),
  },
});

const undoSettingsChange = createRoute({
  method: 'post',
  path: '/settings/history/{id}/undo',
  operationId: 'undoSettingsChange',
  tags: ['admin'],
  security: adminSecurity,
  summary: 'Take one change of settings back',
  description:
    'What others have changed since stays. Where somebody has changed the same value since, nothing is done. It is a change of its own, which can be taken back as well.',
  request: { params: z.object({ id: z.uuid() }) },
  responses: {
    200: json(undoneSchema, 'It is taken back.'),
    ...problemAnswers('invalid_request', ...adminProblems, 'cross_site', 'not_found', 'changed_since'),
  },
});

/** What admins changed of the settings, and the way back. */
export function adminSettingsHistoryRoutes({ ports, liveDashboard }: ApiDependencies) {
  return createOpenApiApp()
    .openapi(listSettingsChanges, async (c) => {
      const { document, limit, cursor } = c.req.valid('query');
      const page = await ports.settings.history(document, limit, cursor ?? null);
      const entries = page.entries.map((entry) => ({ ...entry, differences: differencesOf(entry) }));
      return c.json(settingsHistorySchema.parse({ ...page, entries }), 200);
    })
    .openapi(undoSettingsChange, async (c) => {
      const entry = await ports.settings.historyEntry(c.req.valid('param').id);
      if (!entry) throw new ProblemError('not_found', 'There is no such change.');
      const detail = `of ${entry.at.toISOString()} by ${entry.by}`;
      const deed = { action: 'undo_settings', subject: `settings/${entry.document}`, detail } as const;
      const change = await audited(ports, c.var.admin, deed, () => undo(entry, c.var.admin, ports));
      const kind = entry.document === 'routing' ? 'settings' : 'sources';
      ports.recorder.mark({ kind, text: `A change was taken back: ${detail}`, by: c.var.admin });
      liveDashboard.readAgain();
      return c.json({ document: entry.document, change }, 200);
    });
}

async function undo(
  entry: SettingsEntry,
  by: string,
  { settings }: Pick<Ports, 'settings'>,
): Promise<SettingsChange | null> {
  switch (entry.document) {
    case 'routing': {
      const current = (await settings.readRouting()).settings;
      const routing = routingSettingsSchema.parse(wanted(entry, current));
      refuseContradictions(routing);
      return (await settings.changeRouting(routing, by, entry.id)).change;
    }
    case 'sources': {
      const { rules: current } = await settings.readSources();
      const { rules } = sourceSettingsSchema.parse(wanted(entry, { rules: current }));
      refuseRules(problemsOfRules(rules, rules));
      return (await settings.changeSources(rules, by, entry.id)).change;
    }
    default:
      return entry.document satisfies never;
  }
}

function wanted(entry: SettingsEntry, current: unknown): unknown {
  const result = withoutChange(entry, current);
  if (result.kind === 'undone') return result.value;
  const names = result.paths.map((path) => path.join('.')).join(', ');
  throw new ProblemError('changed_since', `${names} was changed again since. Nothing was done.`);
}
