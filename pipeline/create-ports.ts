import { type BaseConfig, databaseOf } from './config.ts';
import { ConfigError } from './config-error.ts';
import type { Consuming } from './embedded/consuming.ts';
import type { JobEventsPush } from './embedded/job-events.ts';
import type { UploadEventsOptions } from './embedded/upload-events.ts';
import type { Traffic } from './gcp/channel-check.ts';
import type { AppPorts, Log } from './ports/ports.ts';
import type { Tracing } from './ports/tracing.ts';
import type { JobEventsConfig } from './push/job-events-config.ts';
import { settingsWithin } from './run-reach.ts';

/**
 * Chooses the adapters of a program: Google's clients, against the cloud or its emulators, or the embedded engine. This is
 * the only place that names an adapter, and a program loads no other one. Tests use those in `memory/`, which pass the same contract suite.
 * Throws where the configuration cannot work.
 * @param traffic `streams` for a program that watches documents.
 * @example
 * const ports = await createPorts(parseConfig(baseConfigSchema, process.env), createJsonLog('my program'), 'calls');
 * await ports.close();
 */
export async function createPorts(
  config: BaseConfig,
  log: Log,
  traffic: Traffic,
  tracing: Tracing | null = null,
): Promise<AppPorts> {
  const ports = await adaptersOf(config, log, traffic);
  return { ...ports, settings: settingsWithin(ports.settings, ports.runReach), tracing };
}

async function adaptersOf(config: BaseConfig, log: Log, traffic: Traffic): Promise<AppPorts> {
  const { SPILLWAY_ENGINE: engine } = config;
  switch (engine) {
    case 'google': {
      const { createGcpPorts } = await import('./gcp/ports.ts');
      return createGcpPorts(config, log, undefined, traffic);
    }
    case 'embedded': {
      const { createEmbeddedPorts } = await import('./embedded/ports.ts');
      return createEmbeddedPorts(config, log);
    }
    default:
      return engine satisfies never;
  }
}

/**
 * Takes the events of uploads out of the embedded engine's queue. Google's services send them to whoever routes.
 * @throws ConfigError with Google's services, and what opening the database throws.
 */
export async function startUploadEvents(
  config: BaseConfig,
  options: UploadEventsOptions,
): Promise<Consuming> {
  const file = databaseOf(config);
  if (file === null) {
    throw new ConfigError(
      'The router takes uploads out of the engine "embedded". With Google\'s services, the functions route.',
    );
  }
  const events = await import('./embedded/upload-events.ts');
  return events.startUploadEvents(file, options);
}

/**
 * Tells an address of jobs that end, out of the embedded engine's queue; null where none is configured. In the cloud,
 * people subscribe to the topic.
 */
export async function startJobEvents(
  config: BaseConfig & JobEventsConfig,
  log: Log,
): Promise<JobEventsPush | null> {
  const file = databaseOf(config);
  if (file === null || config.SPILLWAY_JOB_EVENTS_URL === undefined) return null;
  const events = await import('./embedded/job-events.ts');
  return events.startJobEvents(file, config, log);
}
