import { asServiceError, codeOf, meaningOf } from './outages.ts';

/** What a service says of a thing that a program needs. */
export type Answer<Value> =
  | { kind: 'value'; value: Value }
  | { kind: 'missing' }
  | { kind: 'denied' }
  | { kind: 'no_credentials' }
  /** The API is not switched on in this project. */
  | { kind: 'api_off' }
  /** A query needs an index that Firestore does not have; its words have a link to it. */
  | { kind: 'no_index'; words: string }
  /** Emulators cannot answer everything. */
  | { kind: 'unsupported' };

/** gRPC's and HTTP's codes of the same answers. */
const missing = new Set<unknown>([5, 404]);
const denied = new Set<unknown>([7, 403]);
const unsupported = new Set<unknown>([12, 501]);
const failedPrecondition = 9;

/** @see https://cloud.google.com/endpoints/docs/openapi/troubleshoot-response-errors for the words of an API that is off. */
const apiIsOff = /has not been used in project|SERVICE_DISABLED|it is disabled/;

/** The answer of a call; throws `OutageError` where there is none. */
export async function answerOf<Value>(service: string, call: Promise<Value>): Promise<Answer<Value>> {
  try {
    return { kind: 'value', value: await call };
  } catch (error) {
    // An adapter may have put it into its own words.
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const refusal = refusalOf(cause);
    if (refusal) return refusal;
    throw asServiceError(service, cause, 'say whether it has what this program needs');
  }
}

/** A service that only denies a look at what is missing may say elsewhere that it is. */
export function missingOr<Value>(there: Answer<Value>, granted: Answer<unknown>): Answer<Value> {
  return there.kind === 'denied' && granted.kind === 'missing' ? granted : there;
}

function refusalOf(error: unknown): Exclude<Answer<never>, { kind: 'value' }> | null {
  const code = codeOf(error);
  const words = error instanceof Error ? error.message : '';
  if (unsupported.has(code)) return { kind: 'unsupported' };
  if (meaningOf(error) === 'outage') return null;
  if (missing.has(code)) return { kind: 'missing' };
  if (denied.has(code)) return { kind: apiIsOff.test(words) ? 'api_off' : 'denied' };
  if (code === failedPrecondition) return { kind: 'no_index', words };
  return meaningOf(error) === 'refused_service' ? { kind: 'no_credentials' } : null;
}
