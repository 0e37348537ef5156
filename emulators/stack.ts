import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installedNames } from '@spillway/models/installed-names.ts';
import { modelsFolderFrom } from '@spillway/models/settings.ts';
import { createBuckets } from '@spillway/pipeline/create-buckets.ts';
import { createJsonLog } from '@spillway/pipeline/json-log.ts';
import type { GoogleStackFile, StackAddresses, StackFile } from '@spillway/pipeline/stack-file.ts';
import { buildSiteIfChanged } from '@spillway/release/site-build.ts';
import { adminAddress, readSecrets } from '@spillway/supervisor/secrets.ts';
import { StartError } from '@spillway/supervisor/start-error.ts';
import { Supervisor } from '@spillway/supervisor/supervisor.ts';
import { choosePorts, type StackPorts } from './choose-ports.ts';
import { createEngine } from './engines/create-engine.ts';
import type { StackEngine } from './engines/stack-engine.ts';
import { service } from './instance-environment.ts';
import { startIdentities } from './metadata/identities.ts';
import { createTokenSigner } from './metadata/token-signer.ts';
import { takeDirectory } from './only-one.ts';
import {
  cloudRunPart,
  functionsPart,
  type Plan,
  pusherPart,
  runConcurrency,
  siteOrigins,
  storagePart,
  vmParts,
  webPart,
} from './parts.ts';
import { installBuiltPrograms, type Programs, sourcePrograms } from './programs.ts';
import { closeRelays, type Relays, startRelays } from './relay/relays.ts';
import { findLostUploads, startScheduler, type TokenFor } from './scheduler.ts';
import { removeStackFile, writeStackFile } from './stack-file.ts';
import type { StackOptions } from './stack-options.ts';

const project = 'demo-spillway';
const buckets = {
  uploads: 'spillway-uploads',
  webUploads: 'spillway-web-uploads',
  results: 'spillway-results',
};
const root = fileURLToPath(new URL('..', import.meta.url));
/** From a program to the services that it reaches by network with `likeCloud`, each way. Milliseconds. */
const usualLatencyMs = 8;
/** Of each engine, in the stack's directory: what one keeps is never read by the other. */
export const dataFolders = { google: 'data', embedded: 'embedded' } as const;

interface StackControls {
  /** Ends one part for good, to try what happens without it. */
  stopPart(name: string): Promise<void>;
  /** The network before the services, for tests; empty without `likeCloud`. */
  relays: Relays;
  /** Ends everything, within 10 seconds. */
  stop(): Promise<void>;
}
/** The addresses of a stack, and what can be done with it while it runs. */
export type Stack = StackFile & StackControls;
export type GoogleStack = GoogleStackFile & StackControls;

/**
 * Starts everything on this machine and resolves when all parts answer. On failure, and if `abandon` is aborted before
 * that, it throws `StartError` and leaves nothing running.
 */
export async function startStack(
  options: StackOptions & { engine: 'google' },
  say: (line: string) => void,
  abandon?: AbortSignal,
): Promise<GoogleStack>;
export async function startStack(
  options: StackOptions,
  say: (line: string) => void,
  abandon?: AbortSignal,
): Promise<Stack>;
export async function startStack(
  options: StackOptions,
  say: (line: string) => void,
  abandon: AbortSignal = new AbortController().signal,
): Promise<Stack> {
  const giveBackDirectory = await takeDirectory(options.directory);
  const plan = await makePlan(options).catch(async (error: unknown) => {
    await giveBackDirectory();
    throw error;
  });
  const running = new RunningStack(plan, say, giveBackDirectory);
  abandon.addEventListener('abort', () => void running.stop(), { once: true });
  try {
    // Asked to end before anybody listened for it.
    abandon.throwIfAborted();
    await running.start();
  } catch (error) {
    await running.stop();
    throw abandon.aborted ? new StartError('Ended before everything had started.') : error;
  }
  return {
    ...plan.stack,
    pids: running.pids(),
    relays: running.relays,
    stop: () => running.stop(),
    stopPart: (name) => running.stopPart(name),
  };
}

async function makePlan(options: StackOptions): Promise<Plan> {
  const dataDirectory = join(options.directory, dataFolders[options.engine]);
  const forgotten = options.reset ? [dataDirectory, join(options.directory, 'traces')] : [];
  for (const path of forgotten) await rm(path, { recursive: true, force: true });
  await mkdir(dataDirectory, { recursive: true });
  const ports = await choosePorts(options);
  const identities = await startIdentities(project, options.vms, createJsonLog('identities'));
  const secrets = await readSecrets(options.directory);
  const web = `http://127.0.0.1:${ports.web}`;
  const called = {
    route: `http://127.0.0.1:${ports.route}/`,
    routeWeb: `http://127.0.0.1:${ports.routeWeb}/`,
    sweep: `http://127.0.0.1:${ports.sweep}/`,
    findLost: `http://127.0.0.1:${ports.findLost}/`,
    worker: `http://127.0.0.1:${ports.run}/push`,
  };
  const stack: StackAddresses = {
    ...engineAddresses(ports, dataDirectory),
    project,
    web,
    storage: `http://127.0.0.1:${ports.storage}`,
    cloudRun: {
      admin: `127.0.0.1:${ports.runAdmin}`,
      service: `projects/${project}/locations/local/services/${service.name}`,
    },
    called,
    metadataHosts: { ...identities.metadataHosts },
    buckets,
    adminUrl: adminAddress(web, secrets),
  };
  return { options, ports, identities, secrets, stack, dataDirectory };
}

type EngineAddresses =
  | { engine: 'google'; firestore: string; pubsub: string }
  | { engine: 'embedded'; database: string };

function engineAddresses({ google }: StackPorts, dataDirectory: string): EngineAddresses {
  return google === null
    ? { engine: 'embedded', database: join(dataDirectory, 'spillway.db') }
    : {
        engine: 'google',
        firestore: `127.0.0.1:${google.firestore}`,
        pubsub: `127.0.0.1:${google.pubsub}`,
      };
}

class RunningStack {
  readonly #plan: Plan;
  readonly #say: (line: string) => void;
  readonly #giveBackDirectory: () => Promise<void>;
  readonly #supervisor: Supervisor;
  readonly #logDirectory: string;
  /** Writes and saves run one after the other. */
  #writing: Promise<void> = Promise.resolve();
  #engine: StackEngine | null = null;
  #complete = false;
  #ending: Promise<void> | null = null;
  #stopTimers = () => {};
  /** Ends the building and installing of programs. */
  readonly #abandoned = new AbortController();
  #preparing: Promise<unknown> = Promise.resolve();
  #removeInstalled = async () => {};
  relays: Relays = {};

  constructor(plan: Plan, say: (line: string) => void, giveBackDirectory: () => Promise<void>) {
    this.#plan = plan;
    this.#say = say;
    this.#giveBackDirectory = giveBackDirectory;
    this.#logDirectory = join(plan.options.directory, 'logs');
    this.#supervisor = new Supervisor(this.#logDirectory, say, () => void this.#publish());
  }

  async start(): Promise<void> {
    const { programs: preparing, site } = this.#prepare();
    // A failure is handled where the result is awaited.
    this.#preparing = Promise.allSettled([preparing, site]);
    await this.#startServices();
    const programs = await preparing;
    this.#say(`Starting functions, ${this.#plan.options.vms} VM workers, the Cloud Run stand-in …`);
    await Promise.all([
      this.#supervisor.start(functionsPart(this.#plan, programs)),
      this.#supervisor.start(cloudRunPart(this.#plan, programs)),
      ...vmParts(this.#plan, programs).map((part) => this.#supervisor.start(part)),
      this.#startSite(programs, site),
    ]);
    // Last: what was uploaded before finds everything there.
    await this.#supervisor.start(pusherPart(this.#plan));
    this.#complete = true;
    await this.#publish();
    await this.#startTimers();
  }

  pids(): Record<string, number> {
    return { launcher: process.pid, ...this.#supervisor.pids() };
  }

  stopPart(name: string): Promise<void> {
    return this.#supervisor.stop(name);
  }

  stop(): Promise<void> {
    this.#ending ??= this.#endAll();
    return this.#ending;
  }

  async #startServices(): Promise<void> {
    const { ports, stack } = this.#plan;
    const routeLostAgain = async () => findLostUploads(stack.called.findLost, await this.#schedulerTokens());
    const engine = await createEngine(this.#plan, this.#supervisor, this.#say, routeLostAgain);
    this.#engine = engine;
    this.#say(`Starting ${engine.name}, and the storage server …`);
    await Promise.all([engine.start(), this.#supervisor.start(storagePart(this.#plan))]);
    const { likeCloud, runMax, latencyMs = usualLatencyMs, deletion = 'as_bucket' } = this.#plan.options;
    await createBuckets({
      storage: `http://127.0.0.1:${ports.behind.storage}`,
      project,
      buckets,
      siteOrigins: siteOrigins(this.#plan),
      deletion,
    });
    await engine.limitCloudRun({
      maxInstances: runMax,
      concurrency: runConcurrency,
      models: await installedNames(modelsFolderFrom(process.env)),
    });
    await engine.forgetCloudRun();
    if (likeCloud) this.relays = await startRelays(ports, latencyMs);
  }

  async #startSite(programs: Programs, building: Promise<'built' | 'unchanged'>): Promise<void> {
    const outcome = await building;
    this.#say(outcome === 'built' ? 'Starting the site, freshly built …' : 'Starting the site …');
    await this.#supervisor.start(webPart(this.#plan, programs));
  }

  /** Makes ready what the parts are started from, while the services start. The site's pages are built beside all else. */
  #prepare(): { programs: Promise<Programs>; site: Promise<'built' | 'unchanged'> } {
    if (this.#plan.options.built) {
      const programs = this.#install();
      return { programs, site: programs.then(() => 'built') };
    }
    return { programs: Promise.resolve(sourcePrograms), site: buildSiteIfChanged(root, this.#logDirectory) };
  }

  async #install(): Promise<Programs> {
    this.#say('Building the programs as they are deployed, and installing them in an empty place …');
    const { programs, remove } = await installBuiltPrograms(this.#abandoned.signal);
    this.#removeInstalled = remove;
    return programs;
  }

  async #startTimers(): Promise<void> {
    const stopSaving = this.#engine?.keepSaving();
    const stopScheduler = startScheduler(this.#plan.stack.called, await this.#schedulerTokens());
    this.#stopTimers = () => {
      stopSaving?.();
      stopScheduler();
    };
  }

  async #schedulerTokens(): Promise<TokenFor> {
    const { tokenKey, callers } = this.#plan.identities;
    const signer = await createTokenSigner(tokenKey);
    return (address) => signer.identityToken(callers.scheduler, address);
  }

  /** Workers first: they give their work back and write that they stop to the database, which ends after that. */
  async #endAll(): Promise<void> {
    this.#complete = false;
    this.#stopTimers();
    this.#abandoned.abort();
    this.#supervisor.close();
    const last = ['storage', ...(this.#engine?.parts ?? [])];
    await this.#supervisor.stopAll(this.#supervisor.names().filter((name) => !last.includes(name)));
    await this.#engine?.end();
    await this.#supervisor.stopAll(this.#supervisor.names());
    await Promise.all([this.#plan.identities.close(), closeRelays(this.relays)]);
    await this.#writing;
    if (this.#plan.options.built) await this.#preparing;
    await this.#removeInstalled();
    await removeStackFile(this.#plan.options.directory);
    await this.#giveBackDirectory();
  }

  #publish(): Promise<void> {
    this.#writing = this.#writing
      .then(async () => {
        if (!this.#complete) return;
        await writeStackFile(this.#plan.options.directory, { ...this.#plan.stack, pids: this.pids() });
      })
      .catch((error: unknown) => this.#say(`stack.json could not be written: ${String(error)}`));
    return this.#writing;
  }
}
