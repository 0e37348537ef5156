import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

/** `.local/stack.json`: the addresses of all parts of a local stack, for tools and tests. */
export const stackFileSchema = z.object({
  project: z.string(),
  web: z.url(),
  /** host:port. */
  firestore: z.string(),
  /** host:port. */
  pubsub: z.string(),
  storage: z.url(),
  /** Cloud Run's Admin API, host:port, and the whole name of the worker's service. */
  cloudRun: z.object({ admin: z.string(), service: z.string() }),
  /** What Google's services call, and nobody else may. */
  called: z.object({ route: z.url(), sweep: z.url(), findLost: z.url(), worker: z.url() }),
  /** Of each program's metadata server, host:port: who can reach it gets that program's tokens. */
  metadataHosts: z.record(z.string(), z.string()),
  buckets: z.object({ uploads: z.string(), webUploads: z.string(), results: z.string() }),
  /** Opens the dashboard as its admin: a secret. */
  adminUrl: z.url(),
  pids: z.record(z.string(), z.number()),
});
export type StackFile = z.infer<typeof stackFileSchema>;

/** How every program finds the stack's services and buckets, in the variables that the cloud has for it, too. */
export function environmentOf({
  project,
  firestore,
  pubsub,
  storage,
  cloudRun,
  buckets,
}: Pick<StackFile, 'project' | 'firestore' | 'pubsub' | 'storage' | 'cloudRun' | 'buckets'>): Record<
  string,
  string
> {
  return {
    FIRESTORE_EMULATOR_HOST: firestore,
    PUBSUB_EMULATOR_HOST: pubsub,
    STORAGE_EMULATOR_HOST: storage,
    CLOUD_RUN_EMULATOR_HOST: cloudRun.admin,
    GOOGLE_CLOUD_PROJECT: project,
    SPILLWAY_PROJECT: project,
    SPILLWAY_RUN_SERVICE: cloudRun.service,
    SPILLWAY_UPLOADS_BUCKET: buckets.uploads,
    SPILLWAY_WEB_UPLOADS_BUCKET: buckets.webUploads,
    SPILLWAY_RESULTS_BUCKET: buckets.results,
  };
}

export const stackFileName = 'stack.json';

/** Null if there is no file in the folder, or if it cannot be read. */
export async function readStackFile(directory: string): Promise<StackFile | null> {
  return readStackFileAt(join(directory, stackFileName));
}

/** The same for a file of any name. */
export async function readStackFileAt(path: string): Promise<StackFile | null> {
  const text = await readFile(path, 'utf8').catch(() => null);
  if (text === null) return null;
  try {
    return stackFileSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
