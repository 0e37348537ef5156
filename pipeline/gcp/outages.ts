import { OutageError } from '@spillway/core/errors.ts';

/** gRPC: CANCELLED, UNKNOWN, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, ABORTED, INTERNAL, UNAVAILABLE. */
const passingGrpcCodes = new Set([1, 2, 4, 8, 10, 13, 14]);
const passingHttpCodes = new Set([408, 429, 500, 502, 503, 504]);
const passingNetworkCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EAI_AGAIN',
  'ENOTFOUND',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ERR_STREAM_PREMATURE_CLOSE',
  'UND_ERR_SOCKET',
  'FILE_NO_UPLOAD',
  'CONTENT_DOWNLOAD_MISMATCH',
  'RESUMABLE_UPLOAD_NOT_FINISHED',
]);

export function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

/** Whether the failure is the service's or the network's, and may pass. */
export function isPassing(error: unknown): boolean {
  const code = codeOf(error);
  if (typeof code === 'number') return passingGrpcCodes.has(code) || passingHttpCodes.has(code);
  if (typeof code === 'string') return passingNetworkCodes.has(code) || passingHttpCodes.has(Number(code));
  return false;
}

/** Awaits a call to a service, and turns a failure that may pass into an `OutageError`. */
export async function orOutage<Value>(service: string, call: Promise<Value>): Promise<Value> {
  try {
    return await call;
  } catch (error) {
    if (!isPassing(error)) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new OutageError(`${service} did not answer: ${why}`, { cause: error });
  }
}
