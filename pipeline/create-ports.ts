import type { BaseConfig } from './config.ts';
import { createGcpPorts } from './gcp/ports.ts';
import type { AppPorts, Log } from './ports/ports.ts';

/**
 * Chooses the adapters of a program: Google's clients, against the cloud or its emulators. No other program code names
 * an adapter. Tests use `memory/`, which passes the same contract suite.
 */
export function createPorts(config: BaseConfig, log: Log): AppPorts {
  return createGcpPorts(config, log);
}
