import type { Storage } from '@google-cloud/storage';
import { messageOf } from '@spillway/core/errors.ts';
import type { Blobs } from '../ports/blobs.ts';
import type { Log } from '../ports/ports.ts';

/** Longest time that a signature may take, milliseconds. Without an account, the client looks for one in the network. */
const patienceMs = 3_000;

/**
 * Signs addresses of objects. On Google Cloud a program has no key: the client asks IAM's signBlob to sign, which needs
 * `roles/iam.serviceAccountTokenCreator` of the account on itself. The first signature tells whether this account can
 * sign; where it cannot, the log says so once, and nothing is tried again.
 * @see https://cloud.google.com/storage/docs/access-control/signed-urls
 */
export function createReadAddresses(storage: Storage, log: Log): Blobs['readAddress'] {
  let signs: 'unknown' | 'yes' | 'no' = 'unknown';
  return async ({ bucket, name, generation }, { contentType, disposition, forMs }) => {
    if (signs === 'no') return null;
    const file = storage.bucket(bucket).file(name, { generation });
    try {
      const [address] = await withinPatience(
        file.getSignedUrl({
          version: 'v4',
          action: 'read',
          expires: Date.now() + forMs,
          responseType: contentType,
          ...(disposition === null ? {} : { responseDisposition: disposition }),
        }),
      );
      signs = 'yes';
      return address;
    } catch (error) {
      const why = messageOf(error);
      if (signs === 'yes') log.warn({ error }, `An address could not be signed this time: ${why}`);
      // Several first calls may be under way; one of them speaks for all.
      else if (signs === 'unknown') {
        signs = 'no';
        log.info({}, `This account cannot sign addresses, so large files are sent by this program: ${why}`);
      }
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
