import type { Buckets } from '../ports/ports.ts';
import type { Finding, Preflight } from '../ports/preflight.ts';

/**
 * The file has all its tables and queues since it was opened, and nobody's permission is needed. Only a bucket can be
 * missing, since the storage server is a program of its own.
 * @param isThere Whether there is a bucket of this name. It throws `OutageError` where the storage server does not answer.
 */
export function createEmbeddedPreflight(
  buckets: Buckets,
  isThere: (bucket: string) => Promise<boolean>,
): Preflight {
  async function examineBucket(bucket: keyof Buckets): Promise<Finding | null> {
    const name = buckets[bucket];
    if (await isThere(name)) return null;
    return {
      kind: 'lack',
      what: `The bucket ${name} does not exist.`,
      mend: 'npx spillway serve # makes its buckets when it starts',
    };
  }

  return {
    async examine(need) {
      switch (need.kind) {
        case 'bucket':
        case 'bucket_there':
          return examineBucket(need.bucket);
        case 'credentials':
        case 'database':
        case 'indexes':
        case 'topic':
        case 'topic_there':
        case 'vm_subscription':
        case 'subscription_there':
        case 'no_expiration':
        case 'metrics':
          return null;
        default:
          return need satisfies never;
      }
    },
  };
}
