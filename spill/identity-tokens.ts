import { readFile } from 'node:fs/promises';
import { singleFlight } from '@spillway/core/background.ts';
import { messageOf, OutageError } from '@spillway/core/errors.ts';
import { ConfigError } from '@spillway/pipeline/config-error.ts';
import type { Log } from '@spillway/pipeline/ports/ports.ts';
import { getGCPResidency } from 'gcp-metadata';
import { ExternalAccountClient, GoogleAuth, Impersonated } from 'google-auth-library';
import { z } from 'zod';
import type { SpillConfig } from './config.ts';

/** Proves to a service of Cloud Run who calls it. */
export interface IdentityTokens {
  /** A token that holds for a while yet; null where nobody checks callers. Throws `OutageError`. */
  read(): Promise<string | null>;
  /** The service has refused the last one: the next is a new one. */
  forget(): void;
}

/** Gets a new token for an audience. */
export type FetchToken = (audience: string) => Promise<string>;

/** A token lives for an hour. It is replaced so long before its end. Milliseconds. */
const replacedBeforeMs = 5 * 60_000;

const claimsSchema = z.object({ exp: z.number() });

/**
 * Keeps a token until shortly before its end. However many requests need a new one, it is fetched once.
 * @param now Milliseconds since 1970.
 */
export function keepToken(
  audience: string,
  fetchToken: FetchToken,
  now: () => number = Date.now,
): IdentityTokens {
  let kept: { token: string; until: number } | null = null;
  const fetching = singleFlight(async () => {
    const token = await fetchToken(audience).catch((error: unknown) => {
      throw new OutageError(`No identity token for Cloud Run could be had: ${messageOf(error)}`, {
        cause: error,
      });
    });
    kept = { token, until: endOf(token) - replacedBeforeMs };
    return token;
  });
  return {
    read: async () => (kept && now() < kept.until ? kept.token : await fetching.run()),
    forget() {
      kept = null;
    },
  };
}

/** Milliseconds since 1970; 0 for what cannot be read, which then serves once. */
function endOf(token: string): number {
  try {
    const claims = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8');
    return claimsSchema.parse(JSON.parse(claims)).exp * 1_000;
  } catch {
    return 0;
  }
}

const nobodyChecks: IdentityTokens = { read: async () => null, forget() {} };

/**
 * The tokens with which this machine calls a service: of the account that `GOOGLE_APPLICATION_CREDENTIALS` names, or of the
 * metadata server's. A worker on this same machine is called without one where there is neither, since it has nobody to
 * ask who signs.
 * @param url The service's own address, which is what its tokens are for.
 * @throws ConfigError where there is nothing to prove who this machine is.
 * @see https://cloud.google.com/run/docs/authenticating/service-to-service
 */
export async function chooseTokens(url: string, config: SpillConfig, log: Log): Promise<IdentityTokens> {
  const { GOOGLE_APPLICATION_CREDENTIALS: file, GCE_METADATA_HOST: metadata } = config;
  if (file === undefined && metadata === undefined && !getGCPResidency()) {
    if (!url.startsWith('http://')) throw new ConfigError(noCredentials);
    log.warn({}, `${url} is called without an identity token: this machine has no credentials.`);
    return nobodyChecks;
  }
  try {
    return keepToken(url, await fetcher(file));
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw new ConfigError(`The credentials for Cloud Run cannot be used: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

const scope = 'https://www.googleapis.com/auth/cloud-platform';

async function fetcher(file: string | undefined): Promise<FetchToken> {
  const credentials: unknown = file === undefined ? null : JSON.parse(await readFile(file, 'utf8'));
  if (externalSchema.safeParse(credentials).success) return federated(credentials);
  const client = await new GoogleAuth({ scopes: scope }).getClient();
  if (!('fetchIdToken' in client)) throw new ConfigError(noIdentity);
  return (audience) => client.fetchIdToken(audience);
}

const noCredentials =
  'Nothing proves to Cloud Run who this machine is. Set GOOGLE_APPLICATION_CREDENTIALS to the file of the account that may ' +
  'invoke the service.';

const noIdentity =
  'These credentials give no identity tokens. Use a key of the account that may invoke the service, or a configuration of ' +
  'workload identity federation that names that account (--service-account).';

const externalSchema = z.object({ type: z.literal('external_account') });
const federationSchema = externalSchema.extend({
  service_account_impersonation_url: z
    .string()
    .regex(/\/serviceAccounts\/[^/:]+:generateAccessToken$/)
    .transform((address) => address.replace(/^.*\/serviceAccounts\/([^/:]+):.*$/, '$1')),
});

/**
 * Workload identity federation gives no identity tokens of its own: the federated identity asks for one of the account
 * that it may work as, which `roles/iam.workloadIdentityUser` allows.
 * @see https://cloud.google.com/iam/docs/create-short-lived-credentials-direct#sa-credentials-oidc
 */
function federated(credentials: unknown): FetchToken {
  const read = federationSchema.safeParse(credentials);
  if (!read.success) throw new ConfigError(noIdentity);
  const { service_account_impersonation_url: targetPrincipal } = read.data;
  const options = credentials as Parameters<typeof ExternalAccountClient.fromJSON>[0];
  const { service_account_impersonation_url: _, ...own } = options;
  const sourceClient = ExternalAccountClient.fromJSON(own);
  if (!sourceClient) throw new ConfigError(noIdentity);
  sourceClient.scopes = [scope];
  const account = new Impersonated({ sourceClient, targetPrincipal });
  return (audience) => account.fetchIdToken(audience);
}
