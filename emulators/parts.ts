import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { engineVariables, environmentOf, type StackAddresses } from '@spillway/pipeline/stack-file.ts';
import { ackDeadline } from '@spillway/pipeline/topics.ts';
import type { Secrets } from '@spillway/supervisor/secrets.ts';
import type { PartSpec } from '@spillway/supervisor/supervisor.ts';
import type { GooglePorts, StackPorts } from './choose-ports.ts';
import { compiledCode } from './compiled-code.ts';
import { cloudSdkEmulators, hasFetchedEmulators } from './find-emulators.ts';
import type { Identities } from './metadata/identities.ts';
import type { Programs } from './programs.ts';
import type { StackOptions } from './stack-options.ts';

/** Everything that is known before the first part starts. */
export interface Plan {
  options: StackOptions;
  ports: StackPorts;
  identities: Identities;
  secrets: Secrets;
  stack: StackAddresses;
  /** Of the engine that runs. */
  dataDirectory: string;
}

/** Requests at a time on each instance of the local Cloud Run: its slots, and what routers count on. */
export const runConcurrency = 1;

const notFetched =
  "Google's Firestore and Pub/Sub emulators are not on this machine and could not be fetched. " +
  'Connect to the network and start again, or install them with the Cloud SDK: ' +
  '`gcloud components install cloud-firestore-emulator pubsub-emulator`.';

/** Google's emulators, from an installed Cloud SDK or fetched by firebase-tools, which takes long the first time. */
export async function emulatorsPart(
  plan: Plan,
  ports: GooglePorts,
  exportsDirectory: string,
  onRestarted: () => Promise<void>,
): Promise<PartSpec> {
  const directory = join(plan.options.directory, 'emulators');
  const installed = await cloudSdkEmulators(directory);
  const present = Object.keys(installed).length === 2 || (await hasFetchedEmulators());
  return {
    name: 'emulators',
    entry: new URL('google-emulators.ts', import.meta.url),
    environment: {
      ...shared(plan),
      ...installed,
      // They share the machine with everything else, and hold little data.
      JAVA_TOOL_OPTIONS: '-Xmx512m -XX:+UseSerialGC -XX:TieredStopAtLevel=1',
      SPILLWAY_EMULATORS_DIR: directory,
      SPILLWAY_EXPORTS_DIR: exportsDirectory,
      SPILLWAY_FIRESTORE_PORT: String(ports.behind.firestore),
      SPILLWAY_PUBSUB_PORT: String(ports.behind.pubsub),
      SPILLWAY_EMULATOR_PORTS: ports.firebase.join(','),
    },
    readyWithinMs: present ? 60_000 : 300_000,
    ...(present ? {} : { whenItFails: notFetched }),
    onRestarted,
  };
}

export function storagePart(plan: Plan): PartSpec {
  return {
    name: 'storage',
    entry: new URL('../storage-server/serve.ts', import.meta.url),
    nodeArguments: plan.options.nodeArguments ?? [],
    environment: {
      ...shared(plan),
      ...besideTheQueue(plan),
      SPILLWAY_STORAGE_PORT: String(plan.ports.behind.storage),
      SPILLWAY_STORAGE_DIR: join(plan.dataDirectory, 'storage'),
    },
  };
}

export function functionsPart(plan: Plan, { functions }: Programs): PartSpec {
  const { route, routeWeb, sweep, findLost } = plan.ports;
  const { called } = plan.stack;
  const { events, scheduler } = plan.identities.callers;
  return {
    name: 'functions',
    entry: new URL(functions === null ? 'functions-host.ts' : 'built-functions.ts', import.meta.url),
    nodeArguments: plan.options.nodeArguments ?? [],
    environment: {
      ...program(plan, 'functions'),
      SPILLWAY_FUNCTION_PORTS: JSON.stringify({
        route,
        'route-web': routeWeb,
        sweep,
        'find-lost': findLost,
      }),
      ...(functions === null ? {} : { SPILLWAY_FUNCTIONS_FOLDER: functions }),
      // Firestore may have lost unsaved jobs when it was killed. Their uploads still exist.
      SPILLWAY_LOST_AFTER_MS: '0',
      // One process serves all of them here. In the cloud each is a service of its own, with one account that may call.
      SPILLWAY_CALLER_ACCOUNTS: [events, scheduler].map(({ email }) => email).join(','),
      SPILLWAY_CALL_AUDIENCES: [called.route, called.routeWeb, called.sweep, called.findLost].join(','),
      SPILLWAY_CALL_CERTIFICATES_URL: plan.identities.certificatesUrl,
    },
  };
}

/** Google's side of the push subscriptions. */
export function pusherPart(plan: Plan): PartSpec {
  return {
    name: 'pusher',
    entry: new URL('pusher/serve.ts', import.meta.url),
    nodeArguments: plan.options.nodeArguments ?? [],
    environment: {
      ...shared(plan),
      ...besideTheQueue(plan),
      SPILLWAY_PUSH_ROUTE_URL: plan.stack.called.route,
      SPILLWAY_PUSH_ROUTE_WEB_URL: plan.stack.called.routeWeb,
      SPILLWAY_PUSH_RUN_URL: plan.stack.called.worker,
      SPILLWAY_PUSH_EVENTS: plan.options.events === 'bucket-notifications' ? 'wrapped' : 'eventarc',
      SPILLWAY_PUSH_DEADLINE_MS: String(ackDeadline.push * 1_000),
      SPILLWAY_PUSH_ACCOUNT: JSON.stringify(plan.identities.callers.pusher),
      SPILLWAY_EVENTS_ACCOUNT: JSON.stringify(plan.identities.callers.events),
      SPILLWAY_TOKEN_KEY: plan.identities.tokenKey,
    },
  };
}

/**
 * What costs time or hides defects: instances that stand still between requests, with as much memory as configured. On the
 * embedded engine they go on: one that is stopped in the middle of a write would keep the lock of the file, and all others
 * would wait for it. No such thing happens in the cloud, whose database is a service.
 */
function likeCloudRun({ stack }: Plan): Record<string, string> {
  return { SPILLWAY_RUN_FREEZES: String(stack.engine === 'google'), SPILLWAY_RUN_MEMORY_MIB: '2048' };
}

export function cloudRunPart(plan: Plan, programs: Programs): PartSpec {
  const { entry, workdir } = programs['cloudrun-worker'];
  return {
    name: 'cloud-run',
    entry: new URL('cloud-run.ts', import.meta.url),
    nodeArguments: plan.options.nodeArguments ?? [],
    environment: {
      ...shared(plan),
      PORT: String(plan.ports.run),
      SPILLWAY_RUN_ADMIN_PORT: String(plan.ports.runAdmin),
      SPILLWAY_RUN_PROGRAM: fileURLToPath(entry),
      SPILLWAY_RUN_WORKDIR: workdir,
      // One more than routers count on, so that it refuses nothing that they send. Without any it refuses everything.
      SPILLWAY_RUN_MAX: String(plan.options.runMax === 0 ? 0 : plan.options.runMax + 1),
      SPILLWAY_RUN_CONCURRENCY: String(runConcurrency),
      SPILLWAY_RUN_INVOKER: plan.identities.callers.pusher.email,
      SPILLWAY_TOKEN_KEY: plan.identities.tokenKey,
      ...(plan.options.likeCloud ? likeCloudRun(plan) : {}),
    },
  };
}

export function vmParts(plan: Plan, programs: Programs): PartSpec[] {
  const { vms, slots } = plan.options;
  return Array.from({ length: vms }, (_, index) => `vm-${index + 1}`).map((name, index) => ({
    name,
    ...programs['vm-worker'],
    nodeArguments: plan.options.nodeArguments ?? [],
    environment: {
      ...program(plan, name),
      SPILLWAY_SLOTS: String(slots),
      SPILLWAY_HEALTH_PORT: String(plan.ports.vmHealth[index]),
      SPILLWAY_HOST: '127.0.0.1',
    },
  }));
}

export function webPart(plan: Plan, programs: Programs): PartSpec {
  return {
    name: 'web',
    ...programs.site,
    nodeArguments: plan.options.nodeArguments ?? [],
    environment: {
      ...program(plan, 'web'),
      PORT: String(plan.ports.web),
      SPILLWAY_SESSION_SECRET: plan.secrets.session,
      SPILLWAY_ADMIN_TOKEN: plan.secrets.admin,
      SPILLWAY_PUBLIC_URL: plan.options.publicUrl ?? plan.stack.web,
      SPILLWAY_STORAGE_ORIGIN: plan.stack.storage,
      SPILLWAY_LOGS_FOLDER: join(plan.options.directory, 'logs'),
    },
  };
}

/** Where a browser on this machine, or behind a proxy, finds the site. */
export function siteOrigins({ stack, ports, options }: Plan): string[] {
  const addresses = [stack.web, `http://localhost:${ports.web}`, options.publicUrl ?? stack.web];
  return [...new Set(addresses.map((address) => new URL(address).origin))];
}

/** The environment of a program of Spillway's own: it has a metadata server, as every machine in the cloud does. */
function program(plan: Plan, part: string): Record<string, string> {
  const { METADATA_SERVER_DETECTION: _, ...environment } = shared(plan);
  const host = plan.identities.metadataHosts[part];
  if (host === undefined) throw new Error(`${part} has no metadata server.`);
  return { ...environment, GCE_METADATA_HOST: host };
}

/** Google's services are close to each other: they reach the emulator itself, where a relay is before it. */
function besideTheQueue({ ports: { google } }: Plan): Record<string, string> {
  return google === null ? {} : { PUBSUB_EMULATOR_HOST: `127.0.0.1:${google.behind.pubsub}` };
}

/** Traces go into files that the site reads, unless somebody wants them elsewhere. */
function tracesOf({ directory, environment = {} }: StackOptions): Record<string, string> {
  if ({ ...process.env, ...environment }.SPILLWAY_TRACES !== undefined) return {};
  return { SPILLWAY_TRACES: 'file', SPILLWAY_TRACES_DIR: join(directory, 'traces') };
}

/** Of this machine's variables, those that would be another stack's. */
const notInherited = new Set<string>(['PORT', ...engineVariables]);

/** The environment of every part. The machine's own variables come first. */
function shared({ stack, options }: Plan): Record<string, string> {
  const inherited = Object.entries(process.env).flatMap(([key, value]) =>
    value === undefined || notInherited.has(key) ? [] : [[key, value] as const],
  );
  return {
    // Built programs are at another place each time, so nothing of them would be found again.
    ...(options.built ? {} : { NODE_COMPILE_CACHE: compiledCode }),
    // Google's clients would look for the cloud's metadata server, and warn that there is none.
    METADATA_SERVER_DETECTION: 'none',
    ...Object.fromEntries(inherited),
    ...options.environment,
    ...environmentOf(stack),
    SPILLWAY_OPERATIONS: options.operations ?? '',
    SPILLWAY_WORK_DIR: join(options.directory, 'work'),
    ...tracesOf(options),
    // The whole stack has to end within 10 s.
    SPILLWAY_DRAIN_MS: '3000',
  };
}
