import { type BaseConfig, baseConfigSchema } from '../config.ts';
import { createGcpPorts, type GcpPorts } from '../gcp/ports.ts';
import { createMemoryPorts } from '../memory/ports.ts';
import type { Clock } from '../ports/ports.ts';
import { googleStack } from './google-stack.ts';

/**
 * Ports on the real client libraries against the emulators of the stack, in a project of this name.
 * @param buckets Names of other buckets than the stack's.
 */
export function emulatorPorts(project: string, machine?: Clock, buckets: Partial<BaseConfig> = {}): GcpPorts {
  const stack = googleStack();
  process.env.FIRESTORE_EMULATOR_HOST = stack.firestore;
  process.env.PUBSUB_EMULATOR_HOST = stack.pubsub;
  process.env.STORAGE_EMULATOR_HOST = stack.storage;
  return createGcpPorts(
    baseConfigSchema.parse({
      SPILLWAY_PROJECT: project,
      SPILLWAY_UPLOADS_BUCKET: stack.buckets.uploads,
      SPILLWAY_WEB_UPLOADS_BUCKET: stack.buckets.webUploads,
      SPILLWAY_RESULTS_BUCKET: stack.buckets.results,
      ...buckets,
    }),
    createMemoryPorts().log,
    machine,
  );
}
