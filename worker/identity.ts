import { createHash, randomUUID } from 'node:crypto';
import { messageOf } from '@spillway/core/errors.ts';
import { getGCPResidency, instance } from 'gcp-metadata';
import type { WorkerConfig } from './config.ts';

/** Who a worker is, in heartbeats, claims and receipts. */
export interface WorkerIdentity {
  id: string;
  /** What the id was made of. */
  from: 'setting' | 'vm_name' | 'revision_and_instance' | 'random';
}

/** Enough of a hash that two instances of one revision never share it. Hexadecimal digits. */
const instanceDigits = 12;

/**
 * Finds out who this worker is. On Google Cloud the metadata server knows: a VM is its instance's name, and an instance
 * of Cloud Run is its revision and instance id. Elsewhere it is a random id. `SPILLWAY_WORKER_ID` goes before all but
 * Cloud Run's, for several workers on one VM. The host's name is never asked: on Cloud Run it is `localhost` in every
 * instance.
 * @throws Error where the machine is on Google Cloud and its metadata server does not answer.
 * @see https://cloud.google.com/run/docs/container-contract#metadata-server
 */
export async function identifyWorker(
  config: Pick<WorkerConfig, 'SPILLWAY_WORKER_ID' | 'K_REVISION' | 'GCE_METADATA_HOST'>,
): Promise<WorkerIdentity> {
  const { SPILLWAY_WORKER_ID, K_REVISION, GCE_METADATA_HOST } = config;
  if (K_REVISION !== undefined) {
    if (SPILLWAY_WORKER_ID !== undefined) throw new Error(oneNameForAll);
    const id = await ask('id');
    return { id: `${K_REVISION}-${shortened(id)}`, from: 'revision_and_instance' };
  }
  if (SPILLWAY_WORKER_ID !== undefined) return { id: SPILLWAY_WORKER_ID, from: 'setting' };
  const isOnGoogleCloud = GCE_METADATA_HOST !== undefined || getGCPResidency();
  if (isOnGoogleCloud) return { id: await ask('name'), from: 'vm_name' };
  return { id: `worker-${randomUUID()}`, from: 'random' };
}

const oneNameForAll =
  'SPILLWAY_WORKER_ID is set for a service of Cloud Run, so all its instances would be one worker. ' +
  'Remove it with: gcloud run services update SERVICE --remove-env-vars SPILLWAY_WORKER_ID';

async function ask(what: 'id' | 'name'): Promise<string> {
  try {
    // A VM's id is larger than a JavaScript number and comes as a BigNumber.
    return String(await instance(what));
  } catch (error) {
    throw new Error(
      `The metadata server does not say this machine's instance ${what} (${messageOf(error)}). ` +
        'It is needed on Google Cloud. For a worker elsewhere unset GCE_METADATA_HOST, or set SPILLWAY_WORKER_ID.',
      { cause: error },
    );
  }
}

/** Cloud Run's instance ids have more than a hundred digits, of which the first ones are alike. */
function shortened(instanceId: string): string {
  return createHash('sha256').update(instanceId).digest('hex').slice(0, instanceDigits);
}
