import type { VerifiedToken } from './metadata/token-signer.ts';

/** Why a request does not reach the service. */
export interface InvocationRefusal {
  status: 401 | 403;
  why: string;
}

/** Null where the caller may invoke the service. */
export type InvocationCheck = (authorization: string | undefined) => Promise<InvocationRefusal | null>;

export const anybodyMayInvoke: InvocationCheck = async () => null;

/**
 * Checks who calls, as the front of a service that requires authentication does. A caller without a token, and one whose
 * account is no invoker (`roles/run.invoker`), is answered 403. A token that does not hold, or that is meant for another
 * service, is answered 401.
 * @param origin The service's own address. A token's audience is that, or an address below it.
 * @see https://cloud.google.com/run/docs/troubleshooting#unauthorized-client
 */
export function onlyInvoker(
  invoker: string,
  origin: string,
  verify: (token: string) => Promise<VerifiedToken | null>,
): InvocationCheck {
  return async (authorization) => {
    const [, token] = /^Bearer (.+)$/i.exec(authorization ?? '') ?? [];
    if (token === undefined) {
      return { status: 403, why: 'The request was not authenticated: it has no identity token.' };
    }
    const verified = await verify(token);
    if (!verified) return { status: 401, why: 'The access token could not be verified.' };
    if (originOf(verified.audience) !== origin) {
      return { status: 401, why: `The token is for ${verified.audience}, and not for ${origin}.` };
    }
    if (verified.email === invoker) return null;
    return { status: 403, why: `${verified.email} lacks roles/run.invoker on this service.` };
  };
}

function originOf(audience: string): string | null {
  return URL.canParse(audience) ? new URL(audience).origin : null;
}
