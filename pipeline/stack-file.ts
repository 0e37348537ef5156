import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

/** What both engines have: the addresses of a local stack's parts. */
const addressesShape = {
  project: z.string(),
  web: z.url(),
  storage: z.url(),
  /** Cloud Run's Admin API, host:port, and the whole name of the worker's service. */
  cloudRun: z.object({ admin: z.string(), service: z.string() }),
  /** What Google's services call, and nobody else may. */
  called: z.object({ route: z.url(), routeWeb: z.url(), sweep: z.url(), findLost: z.url(), worker: z.url() }),
  /** Of each program's metadata server, host:port: who can reach it gets that program's tokens. */
  metadataHosts: z.record(z.string(), z.string()),
  buckets: z.object({ uploads: z.string(), webUploads: z.string(), results: z.string() }),
  /** Opens the dashboard as its admin: a secret. */
  adminUrl: z.url(),
};

/** A local stack without its processes. */
const stackAddressesSchema = z.discriminatedUnion('engine', [
  z.object({
    engine: z.literal('google'),
    /** host:port. */
    firestore: z.string(),
    /** host:port. */
    pubsub: z.string(),
    ...addressesShape,
  }),
  z.object({
    engine: z.literal('embedded'),
    /** Absolute path of the file that has documents and messages. */
    database: z.string(),
    ...addressesShape,
  }),
]);
export type StackAddresses = z.infer<typeof stackAddressesSchema>;

/** `.local/stack.json`: the addresses of all parts of a local stack, for tools and tests. */
export const stackFileSchema = z.intersection(
  stackAddressesSchema,
  z.object({ pids: z.record(z.string(), z.number()) }),
);
export type StackFile = z.infer<typeof stackFileSchema>;
/** One that has Google's emulators. */
export type GoogleStackFile = Extract<StackAddresses, { engine: 'google' }> & Pick<StackFile, 'pids'>;
/** What keeps documents and messages. */
export const engines = ['google', 'embedded'] as const;
export type Engine = (typeof engines)[number];

/** How every program finds the stack's services and buckets, in the variables that the cloud has for it, too. */
export function environmentOf(stack: StackAddresses): Record<string, string> {
  const { project, storage, cloudRun, buckets } = stack;
  return {
    ...engineEnvironmentOf(stack),
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

/** All variables of both engines: one that this machine has set for another system must not reach a program. */
export const engineVariables = [
  'SPILLWAY_ENGINE',
  'SPILLWAY_DATABASE',
  'FIRESTORE_EMULATOR_HOST',
  'PUBSUB_EMULATOR_HOST',
] as const;

function engineEnvironmentOf(
  stack: StackAddresses,
): Partial<Record<(typeof engineVariables)[number], string>> {
  switch (stack.engine) {
    case 'google':
      return {
        SPILLWAY_ENGINE: stack.engine,
        FIRESTORE_EMULATOR_HOST: stack.firestore,
        PUBSUB_EMULATOR_HOST: stack.pubsub,
      };
    case 'embedded':
      return { SPILLWAY_ENGINE: stack.engine, SPILLWAY_DATABASE: stack.database };
    default:
      return stack satisfies never;
  }
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
