import { hostname } from 'node:os';
import type { Secrets } from '@spillway/supervisor/secrets.ts';
import type { PartSpec } from '@spillway/supervisor/supervisor.ts';
import { localAddress } from './addresses.ts';
import type { DataFolder } from './data-folder.ts';
import { hasCloudRun, machineEnvironment } from './environment.ts';
import type { ServeOptions } from './options.ts';

/** Everything that is known before the first part starts. */
export interface Plan {
  options: ServeOptions;
  folder: DataFolder;
  secrets: Secrets;
  /** The version of this Spillway. */
  version: string;
  ports: { storage: number; router: number };
  /** The environment of this process. */
  environment: Record<string, string | undefined>;
}

/** The programs' files. A bundle has them beside this one. */
const programs = {
  storage: new URL('../storage-server/serve.ts', import.meta.url),
  router: new URL('../functions/router.ts', import.meta.url),
  site: new URL('../web/server.ts', import.meta.url),
  worker: new URL('../vm-worker/main.ts', import.meta.url),
  spill: new URL('../spill/main.ts', import.meta.url),
} as const;

/** For a worker's work in progress after it was asked to end, and what it takes beyond that. Milliseconds. */
const drain = { defaultMs: 20_000, marginMs: 4_000 } as const;

/** Bytes. */
const gibibyte = 2 ** 30;

/** The storage server's address for the other parts. */
export function storageAddress({ options, ports }: Pick<Plan, 'options' | 'ports'>): string {
  return localAddress(options.storage.host, ports.storage);
}

/** It has to be there before all others. */
export function storagePart(plan: Plan): PartSpec {
  const { folder, options, ports } = plan;
  return {
    name: 'storage',
    entry: programs.storage,
    environment: {
      ...shared(plan),
      SPILLWAY_STORAGE_DIR: folder.storage,
      SPILLWAY_STORAGE_PORT: String(ports.storage),
      SPILLWAY_STORAGE_HOST: options.storage.host,
      SPILLWAY_STORAGE_DURABLE: 'true',
      ...inBytes('SPILLWAY_STORAGE_FREE_BYTES', options.disk.minFree),
      ...inBytes('SPILLWAY_STORAGE_MOST_BYTES', options.disk.maxStored),
    },
  };
}

function inBytes(name: string, gibibytes: number | null): Record<string, string> {
  return gibibytes === null ? {} : { [name]: String(Math.round(gibibytes * gibibyte)) };
}

/** What works on top of the storage server, and is asked to end before it. */
export function workingParts(plan: Plan): PartSpec[] {
  return [
    routerPart(plan),
    sitePart(plan),
    workerPart(plan),
    ...(hasCloudRun(plan.environment) ? [spillPart(plan)] : []),
  ];
}

/** What is deleted takes no room any more, unless somebody wants to be able to bring it back for a week. */
export function deletionOf({ environment: { SPILLWAY_DELETION } }: Plan): 'as_bucket' | 'at_once' {
  return SPILLWAY_DELETION === 'as_bucket' ? 'as_bucket' : 'at_once';
}

function routerPart(plan: Plan): PartSpec {
  return {
    name: 'router',
    entry: programs.router,
    environment: {
      ...shared(plan),
      SPILLWAY_HEALTH_PORT: String(plan.ports.router),
      ...eventsToken(plan),
    },
  };
}

/** The token of whoever is told of jobs that end is of the router alone. */
function eventsToken({ environment: { SPILLWAY_JOB_EVENTS_TOKEN: token } }: Plan): Record<string, string> {
  return token === undefined ? {} : { SPILLWAY_JOB_EVENTS_TOKEN: token };
}

function sitePart(plan: Plan): PartSpec {
  const { options, secrets, folder } = plan;
  return {
    name: 'site',
    entry: programs.site,
    environment: {
      ...shared(plan),
      PORT: String(options.port),
      SPILLWAY_HOST: options.host,
      SPILLWAY_SESSION_SECRET: secrets.session,
      SPILLWAY_ADMIN_TOKEN: secrets.admin,
      SPILLWAY_TRUSTED_PROXIES: String(options.proxies),
      SPILLWAY_STORAGE_FORWARD: storageAddress(plan),
      SPILLWAY_PARTS_FILE: folder.parts,
      ...(options.logs === 'files' ? { SPILLWAY_LOGS_FOLDER: folder.logs } : {}),
      SPILLWAY_DELETION: deletionOf(plan),
      ...(options.publicUrl === null ? {} : { SPILLWAY_PUBLIC_URL: options.publicUrl }),
    },
  };
}

function workerPart(plan: Plan): PartSpec {
  return {
    name: 'worker',
    entry: programs.worker,
    killAfterMs: drainMs(plan) + drain.marginMs,
    environment: {
      ...worker(plan),
      SPILLWAY_SLOTS: String(plan.options.slots),
      SPILLWAY_WORKER_ID: workerId(),
    },
  };
}

function spillPart(plan: Plan): PartSpec {
  const { GCE_METADATA_HOST: metadata } = plan.environment;
  return {
    name: 'spill',
    entry: programs.spill,
    killAfterMs: drainMs(plan) + drain.marginMs,
    environment: {
      ...worker(plan),
      SPILLWAY_WORKER_ID: 'spill',
      // Where this machine has no file of credentials, it may be a VM of Google's, which a metadata server speaks for.
      ...(metadata === undefined
        ? {}
        : { GCE_METADATA_HOST: metadata, METADATA_SERVER_DETECTION: 'assume-present' }),
    },
  };
}

function worker(plan: Plan): Record<string, string> {
  const { folder, options } = plan;
  return {
    ...shared(plan),
    SPILLWAY_MODELS_DIR: options.models ?? folder.models,
    SPILLWAY_WORK_DIR: folder.work,
    SPILLWAY_DRAIN_MS: String(drainMs(plan)),
  };
}

function drainMs({ environment: { SPILLWAY_DRAIN_MS } }: Plan): number {
  const given = Number(SPILLWAY_DRAIN_MS);
  return SPILLWAY_DRAIN_MS !== undefined && given >= 0 ? given : drain.defaultMs;
}

/** The machine's name, so that the dashboard shows one worker and not a new one after each start. */
function workerId(): string {
  const name = hostname()
    .replaceAll(/[^\w.-]/g, '-')
    .slice(0, 100);
  return /^(localhost|\.{0,2})$/.test(name) ? 'this-machine' : name;
}

/** Of another part alone, or a leftover of a shell that would contradict what the parts are told. */
const notInherited = new Set([
  'PORT',
  'SPILLWAY_HOST',
  'SPILLWAY_HEALTH_PORT',
  'SPILLWAY_DATA',
  'SPILLWAY_LOGS',
  'SPILLWAY_SESSION_SECRET',
  'SPILLWAY_JOB_EVENTS_TOKEN',
  'SPILLWAY_ADMIN_TOKEN',
  'SPILLWAY_PUBLIC_URL',
  'SPILLWAY_STORAGE_ORIGIN',
  'SPILLWAY_TRUSTED_PROXIES',
  'SPILLWAY_WORKER_ID',
  'FIRESTORE_EMULATOR_HOST',
  'PUBSUB_EMULATOR_HOST',
  'GCE_METADATA_HOST',
  'K_SERVICE',
  'K_REVISION',
]);

/** The environment of every part. */
function shared(plan: Plan): Record<string, string> {
  const inherited = Object.entries(plan.environment).flatMap(([name, value]) =>
    value === undefined || notInherited.has(name) ? [] : [[name, value] as const],
  );
  return {
    ...Object.fromEntries(inherited),
    SPILLWAY_VERSION: plan.version,
    ...machineEnvironment(plan.folder, storageAddress(plan), plan.environment),
  };
}
