import { picturesConfigSchema, runConfigSchema } from '@spillway/cloudrun-worker/config.ts';

/** The names of the Cloud Run worker's service and of its only revision. */
export const service = { name: 'spillway-worker', revision: 'spillway-worker-00001-abc' } as const;

/** Settings that would tell instances apart or place their files. No operator sets them for a service. */
const notOfAService = new Set(['SPILLWAY_WORKER_ID', 'SPILLWAY_WORK_DIR']);
/**
 * What a person configures for a Cloud Run service: the worker's own settings, whatever it serves, and those of
 * OpenTelemetry.
 */
const shapes = { ...runConfigSchema.shape, ...picturesConfigSchema.shape };
const settings = Object.keys(shapes).filter(
  (name) => /^(SPILLWAY|OTEL)_/.test(name) && !notOfAService.has(name),
);
/** Where the services are that the cloud has at known addresses. */
const addresses = ['FIRESTORE_EMULATOR_HOST', 'PUBSUB_EMULATOR_HOST', 'STORAGE_EMULATOR_HOST'];

/** What differs between two instances. No program may tell them apart by their environment. */
export interface InstancePlace {
  port: number;
  /** Stands in for the container's own file system. */
  folder: string;
  metadataHost: string;
}

/**
 * An instance's environment: what Cloud Run sets, what is configured for the service, and nothing else of this machine.
 * Two additions keep instances apart on one machine: a folder in place of `/tmp`, and 127.0.0.1 to listen on.
 * @see https://cloud.google.com/run/docs/container-contract#services-env-vars
 */
export function instanceEnvironment(
  configured: Record<string, string | undefined>,
  { port, folder, metadataHost }: InstancePlace,
): Record<string, string> {
  const taken = [...settings, ...addresses].flatMap((name) => {
    const value = configured[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    PATH: configured.PATH ?? '',
    HOME: folder,
    TMPDIR: folder,
    PORT: String(port),
    K_SERVICE: service.name,
    K_REVISION: service.revision,
    K_CONFIGURATION: service.name,
    ...Object.fromEntries(taken),
    SPILLWAY_HOST: '127.0.0.1',
    GCE_METADATA_HOST: metadataHost,
  };
}
