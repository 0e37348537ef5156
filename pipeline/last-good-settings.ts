import { routingSettingsSchema, settingsChangeSchema } from '@spillway/core/settings.ts';
import { sourceSettingsSchema } from '@spillway/core/source-rules.ts';
import type { z } from 'zod';
import type { Clock, Log, RoutingSettingsReading, Settings } from './ports/ports.ts';

/**
 * A change takes effect within this time, in milliseconds. With the time of a request it is less than five
 * seconds.
 */
const freshMs = 4_000;

/** The documents of `settings/`, wherever they are kept. */
export interface SettingsDocuments {
  /** The data of a document; an empty object where there is none. */
  read(name: 'routing' | 'sources'): Promise<unknown>;
  writeRouting(data: object): Promise<void>;
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
    const change = settingsChangeSchema.safeParse(data);
    return { settings: value, change: change.success ? change.data : null, problem };
  }

  return {
    routing: routing.recent,
    sourceRules: async () => (await sources.recent()).rules,
    readRouting,
    async changeRouting(settings, by) {
      await documents.writeRouting({ ...settings, updatedBy: by, updatedAt: clock.now() });
      return readRouting();
    },
  };

  function lastGood<Schema extends z.ZodType>(name: 'routing' | 'sources', schema: Schema) {
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
