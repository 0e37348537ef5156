import type { VerifiedToken } from './metadata/token-signer.ts';

/** Whether a request reaches the service. */
export type Invocation =
  | { kind: 'refused'; status: 401 | 403; why: string }
  /** It does, with this header in place of its own. */
  | { kind: 'let_in'; authorization: string | undefined };

export type InvocationCheck = (authorization: string | undefined) => Promise<Invocation>;

export const anybodyMayInvoke: InvocationCheck = async (authorization) => ({ kind: 'let_in', authorization });

/**
 * Checks who calls, as the front of a service that requires authentication does. A caller without a token, and one whose
 * account is no invoker (`roles/run.invoker`), is answered 403. A token that does not hold, or that is meant for another
 * service, is answered 401. The container gets the token without its signature, so that it can pass it on to nobody.
 * @param origin The service's own address. A token's audience is that, or an address below it.
 * @see https://cloud.google.com/run/docs/troubleshooting#unauthorized-client
 * @see https://cloud.google.com/run/docs/troubleshooting#signature-removed
 */
export function onlyInvoker(
  invoker: string,
  origin: string,
  verify: (token: string) => Promise<VerifiedToken | null>,
): InvocationCheck {
  return async (authorization) => {
    const [, token] = /^Bearer (.+)$/i.exec(authorization ?? '') ?? [];
    if (token === undefined) {
      return {
        kind: 'refused',
        status: 403,
        why: 'The request was not authenticated: it has no identity token.',
      };
    }
    const verified = await verify(token);
    if (!verified) return { kind: 'refused', status: 401, why: 'The access token could not be verified.' };
    if (originOf(verified.audience) !== origin) {
      return {
        kind: 'refused',
        status: 401,
        why: `The token is for ${verified.audience}, and not for ${origin}.`,
      };
    }
    if (verified.email !== invoker) {
      return {
        kind: 'refused',
        status: 403,
        why: `${verified.email} lacks roles/run.invoker on this service.`,
      };
    }
    return { kind: 'let_in', authorization: `Bearer ${withoutSignature(token)}` };
  };
}

function withoutSignature(token: string): string {
  return token.replace(/[^.]*$/, 'SIGNATURE_REMOVED_BY_GOOGLE');
}

function originOf(audience: string): string | null {
  return URL.canParse(audience) ? new URL(audience).origin : null;
}
