import { getGCPResidency, isAvailable } from 'gcp-metadata';
import type { Log } from '../ports/ports.ts';
import type { CallerCheck } from './check-caller.ts';
import { type CallerConfig, lackingForCallers } from './config.ts';

/**
 * Callers are checked where there is a metadata server, and where accounts are named. On a developer's machine nobody
 * signs tokens, so everybody may call; the first call says so in the log.
 * @throws Error where callers have to be checked, and it is not said who may call or how this program is called.
 */
export async function chooseCallerCheck(config: CallerConfig, log: Log): Promise<CallerCheck> {
  if (config.SPILLWAY_CALLER_ACCOUNTS.length === 0 && !(await isOnGoogleCloud(config))) {
    return anybody(log);
  }
  const lack = lackingForCallers(config);
  if (lack !== null) throw new Error(lack);
  // It takes Google's client, which a program without callers does without.
  const { createCallerCheck } = await import('./check-caller.ts');
  return createCallerCheck(config, log);
}

function anybody(log: Log): CallerCheck {
  let isSaid = false;
  return async () => {
    if (!isSaid) {
      const why = 'there is no metadata server, and SPILLWAY_CALLER_ACCOUNTS names nobody';
      log.warn({}, `Callers are not checked: ${why}.`);
    }
    isSaid = true;
    return { kind: 'welcome' };
  };
}

/** What says that there is a metadata server counts also while that does not answer. */
async function isOnGoogleCloud({ GCE_METADATA_HOST }: CallerConfig): Promise<boolean> {
  return GCE_METADATA_HOST !== undefined || getGCPResidency() || (await isAvailable());
}
