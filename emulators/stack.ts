import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PubSub } from '@google-cloud/pubsub';
import { Storage } from '@google-cloud/storage';
import { z } from 'zod';
import { choosePorts, type StackPorts } from './choose-ports.ts';
import { cloudSdkEmulators, hasFetchedEmulators, requireJava } from './find-emulators.ts';
import { exportFirestore } from './firestore-export.ts';
import { createBuckets, createTopics } from './resources.ts';
import { startScheduler } from './scheduler.ts';
import { buildSiteIfChanged } from './site-build.ts';
import { readStackFile, removeStackFile, type StackFile, writeStackFile } from './stack-file.ts';
import type { StackOptions } from './stack-options.ts';
import { StartError } from './start-error.ts';
import { type PartSpec, Supervisor } from './supervisor.ts';

const project = 'demo-spillway';
const buckets = { uploads: 'spillway-uploads', results: 'spillway-results' };
const root = fileURLToPath(new URL('..', import.meta.url));
// Google's clients would look for the cloud's metadata server, and warn that there is none.
process.env.METADATA_SERVER_DETECTION ??= 'none';
/** Work done since the last time is lost when the emulators die. Milliseconds. */
const saveEveryMs = 30_000;

export interface Stack extends StackFile {
  /** Ends one part and keeps it ended: for trying what happens then. */
  stopPart(name: string): Promise<void>;
  /** Ends everything, within 10 seconds. */
  stop(): Promise<void>;
}

/**
 * Starts everything on this machine and resolves when all parts answer. Throws `StartError`, with nothing left
 * running; so it does when `abandon` is aborted meanwhile.
 */
export async function startStack(
  options: StackOptions,
  say: (line: string) => void,
  abandon: AbortSignal = new AbortController().signal,
): Promise<Stack> {
  await refuseSecondStack(options.directory);
  await requireJava();
  const { directory } = options;
  const dataDirectory = join(directory, 'data');
  const logDirectory = join(directory, 'logs');
  if (options.reset) await rm(dataDirectory, { recursive: true, force: true });
  await mkdir(dataDirectory, { recursive: true });
  const ports = await choosePorts(options);
  const secrets = await readSecrets(directory);
  const stack: Omit<StackFile, 'pids'> = {
    project,
    web: `http://127.0.0.1:${ports.web}`,
    firestore: `127.0.0.1:${ports.firestore}`,
    pubsub: `127.0.0.1:${ports.pubsub}`,
    storage: `http://127.0.0.1:${ports.storage}`,
    buckets,
    adminUrl: `http://127.0.0.1:${ports.web}/admin/enter?token=${secrets.admin}`,
  };
  const environment = partEnvironment(stack, directory);
  const exportsDirectory = join(dataDirectory, 'firestore');
  const save = () =>
    exportFirestore(exportsDirectory, stack.firestore, project).catch((error: unknown) =>
      say(`Firestore's content was not saved: ${String(error)}`),
    );
  let complete = false;
  const publish = () => void (complete && writeStackFile(directory, { ...stack, pids: pids() }));
  const supervisor = new Supervisor(logDirectory, say, publish);
  const pids = () => ({ launcher: process.pid, ...supervisor.pids() });
  const pubsub = new PubSub({ projectId: project, apiEndpoint: stack.pubsub, emulatorMode: true });
  const endpoints = { route: `http://127.0.0.1:${ports.route}/`, run: `http://127.0.0.1:${ports.run}/push` };

  let ending: Promise<void> | null = null;
  const stop = () => {
    ending ??= endAll();
    return ending;
  };
  let stopTimers = () => {};

  async function endAll(): Promise<void> {
    complete = false;
    stopTimers();
    supervisor.close();
    const first = supervisor.names().filter((name) => name !== 'emulators' && name !== 'storage');
    await supervisor.stopAll(first);
    if (supervisor.names().includes('emulators')) {
      await save();
    }
    await supervisor.stopAll(supervisor.names());
    await pubsub.close();
    await removeStackFile(directory);
  }

  abandon.addEventListener('abort', () => void stop(), { once: true });
  try {
    const site = buildSiteIfChanged(root, logDirectory);
    site.catch(() => {});
    say("Starting Google's Firestore and Pub/Sub emulators, and the storage server …");
    await Promise.all([
      supervisor.start(
        await emulatorsPart(directory, ports, environment, exportsDirectory, async () => {
          await createTopics(pubsub, project, endpoints);
        }),
      ),
      supervisor.start(storagePart(dataDirectory, ports, environment)),
    ]);
    await createTopics(pubsub, project, endpoints);
    await createBuckets(new Storage({ projectId: project, apiEndpoint: stack.storage }), buckets);
    say(`Starting functions, ${options.vms} VM workers, the Cloud Run stand-in …`);
    await Promise.all([
      supervisor.start(functionsPart(ports, environment)),
      supervisor.start(cloudRunPart(options, ports, environment)),
      ...vmParts(options, environment).map((part) => supervisor.start(part)),
      site.then(async (outcome) => {
        say(outcome === 'built' ? 'Starting the site, freshly built …' : 'Starting the site …');
        await supervisor.start(webPart(ports, environment, secrets, stack));
      }),
    ]);
  } catch (error) {
    await stop();
    throw abandon.aborted ? new StartError('Ended before everything had started.') : error;
  }

  complete = true;
  await writeStackFile(directory, { ...stack, pids: pids() });
  const saving = setInterval(() => void save(), saveEveryMs);
  const stopScheduler = startScheduler({
    sweep: `http://127.0.0.1:${ports.sweep}/`,
    findLost: `http://127.0.0.1:${ports.findLost}/`,
  });
  stopTimers = () => {
    clearInterval(saving);
    stopScheduler();
  };
  return { ...stack, pids: pids(), stop, stopPart: (name) => supervisor.stop(name) };
}

async function refuseSecondStack(directory: string): Promise<void> {
  const other = await readStackFile(directory);
  const launcher = other?.pids.launcher;
  if (!other || launcher === undefined || !isAlive(launcher)) return;
  throw new StartError(
    `Spillway runs here already, at ${other.web}. Stop it first (\`kill ${launcher}\`), ` +
      'or set SPILLWAY_LOCAL_DIR to another directory for a second one.',
  );
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

const secretsSchema = z.object({ admin: z.string(), session: z.string() });

/** Made once and kept, so that a restart does not sign visitors out. */
async function readSecrets(directory: string): Promise<z.infer<typeof secretsSchema>> {
  const file = join(directory, 'secrets.json');
  const text = await readFile(file, 'utf8').catch(() => null);
  if (text !== null) return secretsSchema.parse(JSON.parse(text));
  const secret = () => randomBytes(24).toString('base64url');
  const secrets = { admin: secret(), session: secret() };
  await mkdir(directory, { recursive: true });
  await writeFile(file, JSON.stringify(secrets));
  await chmod(file, 0o600);
  return secrets;
}

/** What every part gets; the machine's own environment comes first. */
function partEnvironment(stack: Omit<StackFile, 'pids'>, directory: string): Record<string, string> {
  const inherited = Object.entries(process.env).flatMap(([key, value]) =>
    value === undefined || key === 'PORT' ? [] : [[key, value] as const],
  );
  return {
    ...Object.fromEntries(inherited),
    FIRESTORE_EMULATOR_HOST: stack.firestore,
    PUBSUB_EMULATOR_HOST: stack.pubsub,
    STORAGE_EMULATOR_HOST: stack.storage,
    GOOGLE_CLOUD_PROJECT: stack.project,
    SPILLWAY_PROJECT: stack.project,
    SPILLWAY_UPLOADS_BUCKET: stack.buckets.uploads,
    SPILLWAY_RESULTS_BUCKET: stack.buckets.results,
    SPILLWAY_WORK_DIR: join(directory, 'work'),
    SPILLWAY_DRAIN_MS: '3000',
  };
}

const notFetched =
  "Google's Firestore and Pub/Sub emulators are not on this machine and could not be fetched. " +
  'Connect to the network and start again, or install them with the Cloud SDK: ' +
  '`gcloud components install cloud-firestore-emulator pubsub-emulator`.';

async function emulatorsPart(
  directory: string,
  ports: StackPorts,
  environment: Record<string, string>,
  exportsDirectory: string,
  onRestarted: () => Promise<void>,
): Promise<PartSpec> {
  const emulatorsDirectory = join(directory, 'emulators');
  const installed = await cloudSdkEmulators(emulatorsDirectory);
  const present = Object.keys(installed).length === 2 || (await hasFetchedEmulators());
  const part: PartSpec = {
    name: 'emulators',
    entry: new URL('google-emulators.ts', import.meta.url),
    environment: {
      ...environment,
      ...installed,
      // Two virtual machines share this machine with everything else.
      JAVA_TOOL_OPTIONS: '-Xmx512m -XX:+UseSerialGC -XX:TieredStopAtLevel=1',
      SPILLWAY_EMULATORS_DIR: emulatorsDirectory,
      SPILLWAY_FIRESTORE_PORT: String(ports.firestore),
      SPILLWAY_PUBSUB_PORT: String(ports.pubsub),
      SPILLWAY_EMULATOR_PORTS: ports.firebase.join(','),
      SPILLWAY_EXPORTS_DIR: exportsDirectory,
    },
    // The first start may have to fetch them.
    readyWithinMs: present ? 60_000 : 300_000,
    ...(present ? {} : { whenItFails: notFetched }),
    onRestarted,
  };
  return part;
}

function storagePart(
  dataDirectory: string,
  ports: StackPorts,
  environment: Record<string, string>,
): PartSpec {
  return {
    name: 'storage',
    entry: new URL('storage/serve.ts', import.meta.url),
    environment: {
      ...environment,
      SPILLWAY_STORAGE_PORT: String(ports.storage),
      SPILLWAY_STORAGE_DIR: join(dataDirectory, 'storage'),
    },
  };
}

function functionsPart(ports: StackPorts, environment: Record<string, string>): PartSpec {
  const functionPorts = { route: ports.route, sweep: ports.sweep, 'find-lost': ports.findLost };
  return {
    name: 'functions',
    entry: new URL('functions-host.ts', import.meta.url),
    environment: { ...environment, SPILLWAY_FUNCTION_PORTS: JSON.stringify(functionPorts) },
  };
}

function cloudRunPart(
  { runMax }: StackOptions,
  ports: StackPorts,
  environment: Record<string, string>,
): PartSpec {
  return {
    name: 'cloud-run',
    entry: new URL('cloud-run.ts', import.meta.url),
    environment: { ...environment, PORT: String(ports.run), SPILLWAY_RUN_MAX: String(runMax) },
  };
}

function vmParts({ vms, slots }: StackOptions, environment: Record<string, string>): PartSpec[] {
  return Array.from({ length: vms }, (_, index) => ({
    name: `vm-${index + 1}`,
    entry: new URL('../vm-worker/main.ts', import.meta.url),
    environment: { ...environment, SPILLWAY_WORKER_ID: `vm-${index + 1}`, SPILLWAY_SLOTS: String(slots) },
  }));
}

function webPart(
  ports: StackPorts,
  environment: Record<string, string>,
  secrets: { admin: string; session: string },
  stack: Omit<StackFile, 'pids'>,
): PartSpec {
  return {
    name: 'web',
    entry: new URL('../web/server.ts', import.meta.url),
    environment: {
      ...environment,
      PORT: String(ports.web),
      SPILLWAY_SESSION_SECRET: secrets.session,
      SPILLWAY_ADMIN_TOKEN: secrets.admin,
      SPILLWAY_PUBLIC_URL: stack.web,
      SPILLWAY_STORAGE_ORIGIN: stack.storage,
    },
  };
}
