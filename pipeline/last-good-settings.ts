import { randomUUID } from 'node:crypto';
import { routingSettingsSchema, type SettingsChange, settingsChangeSchema } from '@spillway/core/settings.ts';
import {
  keptSettingsMs,
  type SettingsDocument,
  type SettingsEntry,
} from '@spillway/core/settings-history.ts';
import { sourceSettingsSchema } from '@spillway/core/source-rules.ts';
import type { z } from 'zod';
import type { Clock, Log, RoutingSettingsReading, Settings, SourceSettingsReading } from './ports/ports.ts';

/**
 * A change takes effect within this time, in milliseconds. With the time of a request it is less than five
 * seconds.
 */
const freshMs = 4_000;

/** The documents of `settings/` and `settings-history/`, wherever they are kept. */
export interface SettingsDocuments extends Pick<Settings, 'history' | 'historyEntry'> {
  /** The data of a document; an empty object where there is none. */
  read(name: SettingsDocument): Promise<unknown>;
  /** Replaces a document and keeps the entry: both or neither. */
  write(name: SettingsDocument, data: object, entry: SettingsEntry): Promise<void>;
}

/** What is kept of a change. */
export function settingsEntry(
  document: SettingsDocument,
  { before, after }: { before: object; after: object },
  made: Pick<SettingsEntry, 'by' | 'at' | 'undoes'>,
): SettingsEntry {
  return {
    id: randomUUID(),
    document,
    ...made,
    before: JSON.stringify(before),
    after: JSON.stringify(after),
    expiresAt: new Date(made.at.getTime() + keptSettingsMs),
  };
}

/**
 * `settings/routing` and `settings/sources`, kept for a few seconds. A document that does not validate is
 * ignored.
 * @param onInvalid Called at every read of rules that do not validate.
 */
export function lastGoodSettings(
  documents: SettingsDocuments,
  clock: Clock,
  log: Log,
  onInvalid: (document: string, problem: string) => void,
): Settings {
  const routing = lastGood('routing', routingSettingsSchema);
  const sources = lastGood('sources', sourceSettingsSchema);

  async function readRouting(): Promise<RoutingSettingsReading> {
    const { data, value, problem } = await routing.read();
    return { settings: value, change: changeIn(data), problem };
  }

  async function readSources(): Promise<SourceSettingsReading> {
    const { data, value, problem } = await sources.read();
    return { rules: value.rules, change: changeIn(data), problem };
  }

  /** The entry has what was in force, which is what the change replaces also where the document is not valid. */
  async function change(
    name: SettingsDocument,
    { before, after }: { before: object; after: object },
    by: string,
    undoes: string | null,
  ): Promise<void> {
    const at = clock.now();
    const entry = settingsEntry(name, { before, after }, { by, at, undoes });
    await documents.write(name, { ...after, updatedBy: by, updatedAt: at }, entry);
  }

  return {
    routing: routing.recent,
    sourceRules: async () => (await sources.recent()).rules,
    readRouting,
    readSources,
    async changeRouting(settings, by, undoes = null) {
      const before = (await routing.read()).value;
      await change('routing', { before, after: settings }, by, undoes);
      return readRouting();
    },
    async changeSources(rules, by, undoes = null) {
      const before = (await sources.read()).value;
      await change('sources', { before, after: { rules } }, by, undoes);
      return readSources();
    },
    history: (...asked) => documents.history(...asked),
    historyEntry: (id) => documents.historyEntry(id),
  };

  function lastGood<Schema extends z.ZodType>(name: SettingsDocument, schema: Schema) {
    let value = schema.parse({});
    let readAt = Number.NEGATIVE_INFINITY;
    let problemBefore: string | null = null;

    async function read() {
      const data = await documents.read(name);
      const parsed = schema.safeParse(data);
      if (parsed.success) value = parsed.data;
      const problem = parsed.success ? null : problemOf(parsed.error);
      if (problem !== null && problem !== problemBefore) {
        log.error({ settings: name, problem }, 'Settings do not validate; the last good ones stay.');
      }
      problemBefore = problem;
      // The page that shows the routing settings reads what is wrong with them.
      if (problem !== null && name !== 'routing') onInvalid(`settings/${name}`, problem);
      readAt = clock.now().getTime();
      return { data, value, problem };
    }

    return {
      read,
      /** The settings as they were a few seconds ago. */
      async recent(): Promise<z.infer<Schema>> {
        return clock.now().getTime() - readAt < freshMs ? value : (await read()).value;
      },
    };
  }
}

/** The problems of all fields, in one line. */
function problemOf({ issues }: z.ZodError): string {
  return issues.map(({ path, message }) => `${path.join('.') || 'the document'}: ${message}`).join('; ');
}

function changeIn(data: unknown): SettingsChange | null {
  const change = settingsChangeSchema.safeParse(data);
  return change.success ? change.data : null;
}
