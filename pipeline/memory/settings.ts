import { defaultRoutingSettings, type RoutingSettings } from '@spillway/core/settings.ts';
import type { SettingsDocument, SettingsEntry } from '@spillway/core/settings-history.ts';
import type { SourceRule } from '@spillway/core/source-rules.ts';
import { settingsEntry } from '../last-good-settings.ts';
import type { Clock, RoutingSettingsReading, Settings, SourceSettingsReading } from '../ports/ports.ts';
import { timePage } from './time-page.ts';

export interface FirstSettings {
  clock: Clock;
  routing?: RoutingSettings;
  sourceRules?: SourceRule[];
}

/** `settings/` in this process's memory. It answers at once. */
export function createMemorySettings({ clock, routing, sourceRules }: FirstSettings): Settings {
  let reading: RoutingSettingsReading = {
    settings: routing ?? defaultRoutingSettings,
    change: null,
    problem: null,
  };
  let sources: SourceSettingsReading = { rules: sourceRules ?? [], change: null, problem: null };
  const entries: SettingsEntry[] = [];

  function keep(
    document: SettingsDocument,
    change: { before: object; after: object },
    by: string,
    undoes: string | null,
  ) {
    const at = clock.now();
    entries.push(settingsEntry(document, change, { by, at, undoes }));
    return { change: { updatedBy: by, updatedAt: at }, problem: null };
  }

  return {
    routing: () => reading.settings,
    sourceRules: () => sources.rules,
    readRouting: () => reading,
    readSources: () => sources,
    changeRouting(settings, by, undoes = null) {
      const change = { before: reading.settings, after: settings };
      reading = { settings, ...keep('routing', change, by, undoes) };
      return reading;
    },
    changeSources(rules, by, undoes = null) {
      const change = { before: { rules: sources.rules }, after: { rules } };
      sources = { rules, ...keep('sources', change, by, undoes) };
      return sources;
    },
    history: (document, limit, cursor) =>
      timePage(
        entries.filter((entry) => entry.document === document),
        limit,
        cursor,
      ),
    historyEntry: (id) => entries.find((entry) => entry.id === id) ?? null,
  };
}
