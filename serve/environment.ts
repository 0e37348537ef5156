import type { Buckets } from '@spillway/pipeline/ports/ports.ts';
import type { DataFolder } from './data-folder.ts';

/** Names that integrators know: those of the local stack. */
export const project = 'spillway';
export const buckets: Buckets = {
  uploads: 'spillway-uploads',
  webUploads: 'spillway-web-uploads',
  results: 'spillway-results',
};

/** Where there is no Cloud Run. */
const noCloudRun = 'none';

/**
 * How every program of the machine finds its database and its buckets.
 * @param storage Of the storage server.
 */
export function machineEnvironment(
  folder: DataFolder,
  storage: string,
  { SPILLWAY_RUN_URL = noCloudRun }: Record<string, string | undefined>,
): Record<string, string> {
  return {
    SPILLWAY_ENGINE: 'embedded',
    SPILLWAY_DATABASE: folder.database,
    SPILLWAY_PROJECT: project,
    SPILLWAY_UPLOADS_BUCKET: buckets.uploads,
    SPILLWAY_WEB_UPLOADS_BUCKET: buckets.webUploads,
    SPILLWAY_RESULTS_BUCKET: buckets.results,
    SPILLWAY_RUN_URL,
    STORAGE_EMULATOR_HOST: storage,
    METADATA_SERVER_DETECTION: 'none',
  };
}

/** Whether pictures are sent to a Cloud Run service. */
export function hasCloudRun({ SPILLWAY_RUN_URL = noCloudRun }: Record<string, string | undefined>): boolean {
  return SPILLWAY_RUN_URL !== noCloudRun;
}
