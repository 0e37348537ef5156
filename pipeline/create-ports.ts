import type { BaseConfig } from './config.ts';
import { createGcpPorts } from './gcp/ports.ts';
import type { AppPorts, Log } from './ports/ports.ts';

/**
 * Chooses the adapters of a program: Google's clients, against the cloud or its emulators. This is the only place that
 * names an adapter. Tests use those in `memory/`, which pass the same contract suite. Throws where the configuration
 * cannot work.
 * @example
 * const ports = createPorts(parseConfig(baseConfigSchema, process.env), createJsonLog('my program'));
 * await ports.close();
 */
export function createPorts(config: BaseConfig, log: Log): AppPorts {
  return createGcpPorts(config, log);
}
