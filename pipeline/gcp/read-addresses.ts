import type { Storage } from '@google-cloud/storage';
import { messageOf } from '@spillway/core/errors.ts';
import type { Blobs } from '../ports/blobs.ts';
import type { Log } from '../ports/ports.ts';

/** Longest time that a signature may take, milliseconds. Without an account, the client looks for one in the network. */
const patienceMs = 3_000;

/**
 * Time without a try after a failure, milliseconds: an account without the right lacks it for longer, and each try may
 * take `patienceMs`; but the first failure may also be one of the network, or of a right that is still on its way.
 */
const pauseMs = 300_000;

/**
 * Signs addresses of objects. On Google Cloud a program has no key: the client asks IAM's signBlob to sign, which needs
 * `roles/iam.serviceAccountTokenCreator` of the account on itself. Where that fails, it is tried again some minutes later.
 * Until an account has signed once, a failure most likely means that it cannot, which the log says once.
 * @param now Milliseconds since 1970.
 * @see https://cloud.google.com/storage/docs/access-control/signed-urls
 */
export function createReadAddresses(
  storage: Storage,
  log: Log,
  now: () => number = Date.now,
): Blobs['readAddress'] {
  let hasSigned = false;
  let hasComplained = false;
  let pausedUntil = Number.NEGATIVE_INFINITY;
  return async ({ bucket, name, generation }, { contentType, disposition, forMs }) => {
    if (now() < pausedUntil) return null;
    const file = storage.bucket(bucket).file(name, { generation });
    try {
      const [address] = await withinPatience(
        file.getSignedUrl({
          version: 'v4',
          action: 'read',
          expires: now() + forMs,
          responseType: contentType,
          ...(disposition === null ? {} : { responseDisposition: disposition }),
        }),
      );
      hasSigned = true;
      return address;
    } catch (error) {
      const why = messageOf(error);
      if (hasSigned) {
        // What was possible before is soon possible again.
        log.warn({ error }, `An address could not be signed this time: ${why}`);
        return null;
      }
      pausedUntil = now() + pauseMs;
      // Several first calls may be under way; one of them speaks for all.
      if (!hasComplained) {
        log.info({}, `This account cannot sign addresses, so large files are sent by this program: ${why}`);
      }
      hasComplained = true;
      return null;
    }
  };
}

async function withinPatience<Value>(work: Promise<Value>): Promise<Value> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`No answer within ${patienceMs / 1_000} s.`)), patienceMs);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
