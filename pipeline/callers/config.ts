import { z } from 'zod';
import { isSafeAddress } from '../safe-address.ts';

/** Entries that are separated by commas; none where the variable is empty or not set. */
const list = (entry: z.ZodType<string, string>) =>
  z
    .string()
    .default('')
    .transform((text) =>
      text
        .split(',')
        .map((each) => each.trim())
        .filter(Boolean),
    )
    .pipe(z.array(entry));

/** Of what calls a program, as part of its environment. What it means is in `check-caller.ts`. */
export const callerConfigShape = {
  /** The accounts that may call this program, by e-mail. */
  SPILLWAY_CALLER_ACCOUNTS: list(z.email()),
  /**
   * What this program is called in tokens: its own addresses. A token for an address below one of them counts too. In a
   * host, `*` means letters and digits: a service of Cloud Run has two addresses, and the hash in one of them is
   * not known before the service exists.
   * @example https://spillway-route-123456789012.us-central1.run.app,https://spillway-route-*-*.a.run.app
   * @see https://cloud.google.com/run/docs/triggering/https-request
   */
  SPILLWAY_CALL_AUDIENCES: list(z.string().max(1_000)),
  /**
   * `verified` here, or `removed_by_cloud_run`: a service that lets only its invokers in verifies each token itself, and
   * passes it on without its signature. Never for a service that anybody may call.
   * @see https://cloud.google.com/run/docs/troubleshooting#signature-removed
   */
  SPILLWAY_CALL_SIGNATURES: z.enum(['verified', 'removed_by_cloud_run']).default('verified'),
  /**
   * Where Google publishes the certificates that identity tokens are signed with, by their key's id. Somebody who can
   * change them on their way could sign tokens.
   */
  SPILLWAY_CALL_CERTIFICATES_URL: z
    .url()
    .refine(isSafeAddress, 'is read over HTTPS, or from this machine')
    .default('https://www.googleapis.com/oauth2/v1/certs'),
  /** Set by Cloud Run. https://cloud.google.com/run/docs/container-contract#services-env-vars */
  K_SERVICE: z.string().min(1).optional(),
  /** Address of the metadata server, as Google's client libraries read it. Default: that of Google Cloud. */
  GCE_METADATA_HOST: z.string().min(1).optional(),
} as const;

const callerConfigSchema = z.object(callerConfigShape);
export type CallerConfig = z.infer<typeof callerConfigSchema>;

/** Says what is missing for the check of callers, with what to set; null where nothing is. */
export function lackingForCallers(config: CallerConfig): string | null {
  if (config.SPILLWAY_CALLER_ACCOUNTS.length === 0) {
    return 'Nobody may call this program. Set SPILLWAY_CALLER_ACCOUNTS to the e-mails of the accounts that may.';
  }
  if (config.SPILLWAY_CALL_AUDIENCES.length === 0) {
    return 'No token can be meant for this program. Set SPILLWAY_CALL_AUDIENCES to its own addresses.';
  }
  if (config.SPILLWAY_CALL_SIGNATURES === 'removed_by_cloud_run' && config.K_SERVICE === undefined) {
    return 'SPILLWAY_CALL_SIGNATURES is removed_by_cloud_run, and this is no service of Cloud Run. Remove the variable.';
  }
  return null;
}
