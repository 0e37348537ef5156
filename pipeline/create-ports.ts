import type { BaseConfig } from './config.ts';
import type { Traffic } from './gcp/channel-check.ts';
import { createGcpPorts } from './gcp/ports.ts';
import type { AppPorts, Log } from './ports/ports.ts';
import type { Tracing } from './ports/tracing.ts';

/**
 * Chooses the adapters of a program: Google's clients, against the cloud or its emulators. This is the only place that
 * names an adapter. Tests use those in `memory/`, which pass the same contract suite. Throws where the configuration
 * cannot work.
 * @param traffic `streams` for a program that watches documents.
 * @example
 * const ports = createPorts(parseConfig(baseConfigSchema, process.env), createJsonLog('my program'), 'calls');
 * await ports.close();
 */
export function createPorts(
  config: BaseConfig,
  log: Log,
  traffic: Traffic,
  tracing: Tracing | null = null,
): AppPorts {
  return { ...createGcpPorts(config, log, undefined, traffic), tracing };
}
