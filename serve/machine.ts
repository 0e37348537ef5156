import { rename, rm, writeFile } from 'node:fs/promises';
import { createBuckets } from '@spillway/pipeline/create-buckets.ts';
import type { PartsFile } from '@spillway/pipeline/parts-file.ts';
import { startTimeOf } from '@spillway/supervisor/processes.ts';
import { adminAddress, readSecrets } from '@spillway/supervisor/secrets.ts';
import { StartError } from '@spillway/supervisor/start-error.ts';
import { Supervisor } from '@spillway/supervisor/supervisor.ts';
import { z } from 'zod';
import { freePort, localAddress, requireFree } from './addresses.ts';
import { claimFolder, type DataFolder, dataFolderAt, examineFolder, makeFolder } from './data-folder.ts';
import { buckets, project } from './environment.ts';
import { awaitEarlierParts, takeFolder } from './folder-lock.ts';
import { rotateLogs } from './log-rotation.ts';
import type { ServeOptions } from './options.ts';
import { deletionOf, type Plan, storageAddress, storagePart, workingParts } from './parts.ts';
import { upgradeDatabase } from './upgrade.ts';

/** With the supervisor's 2 MiB, a tenth of a no-op job's processor time went into collecting new objects. */
const newSpaceMib = 8;
/** How often it is written down how the parts are: one that has run for a while does not fail any more. Milliseconds. */
const partsEveryMs = 10_000;
const storageWithinMs = 2_000;

export interface Machine {
  /** The site as browsers reach it. */
  url: string;
  /** Opens the dashboard: a secret. */
  adminUrl: string;
  /** Whether there was no data before. */
  isNew: boolean;
  /** Workers finish or give back what they have; the storage server ends last. */
  stop(): Promise<void>;
  /** Ends everything at once. What workers had in their hands is done again at the next start. */
  kill(): void;
}

/**
 * Starts everything of one machine and resolves when all parts answer. On failure, and if `abandon` is aborted before
 * that, it throws `StartError` and leaves nothing running.
 */
export async function startMachine(
  options: ServeOptions,
  { version, environment }: Pick<Plan, 'version' | 'environment'>,
  say: (line: string) => void,
  abandon: AbortSignal,
): Promise<Machine> {
  await requireAddresses(options);
  const folder = dataFolderAt(options.data);
  const isNew = (await examineFolder(folder)) === 'empty';
  await makeFolder(folder);
  const giveBack = await takeFolder(folder);
  let running: RunningMachine | null = null;
  try {
    if (isNew) await claimFolder(folder);
    else await awaitEarlierParts(folder);
    await upgradeDatabase(folder, version, say);
    const secrets = await readSecrets(folder.path);
    const ports = { storage: options.storage.port ?? (await freePort()), router: await freePort() };
    const plan: Plan = { options, folder, secrets, version, ports, environment };
    running = new RunningMachine(plan, say);
    abandon.addEventListener('abort', () => running?.abandon(), { once: true });
    abandon.throwIfAborted();
    await running.start();
    const machine = running;
    const url = options.publicUrl ?? localAddress(options.host, options.port);
    return {
      url,
      adminUrl: adminAddress(url, secrets),
      isNew,
      stop: () => machine.stop().finally(giveBack),
      kill: () => machine.kill(),
    };
  } catch (error) {
    await running?.stop();
    giveBack();
    throw abandon.aborted ? new StartError('Ended before everything had started.') : error;
  }
}

/** @throws StartError where the site or the storage server could not listen. */
async function requireAddresses({ host, port, storage }: ServeOptions): Promise<void> {
  await requireFree({ host, port, flags: { host: '--host', port: '--port' } });
  if (storage.port === null) return;
  const flags = { host: '--storage-host', port: '--storage-port' };
  if (storage.port === port) throw new StartError('--port and --storage-port are the same. Choose two.');
  await requireFree({ host: storage.host, port: storage.port, flags });
}

class RunningMachine {
  readonly #plan: Plan;
  readonly #supervisor: Supervisor;
  readonly #say: (line: string) => void;
  #refusal: string | null = null;
  /** Writes run one after the other. */
  #writing: Promise<void> = Promise.resolve();
  #ending: Promise<void> | null = null;
  #stopTimers = () => {};

  constructor(plan: Plan, say: (line: string) => void) {
    this.#plan = plan;
    this.#say = say;
    const { folder, options } = plan;
    this.#supervisor = new Supervisor(
      options.logs === 'files' ? folder.logs : null,
      say,
      () => void this.#publish(),
      newSpaceMib,
    );
  }

  async start(): Promise<void> {
    const writing = setInterval(() => void this.#publish(), partsEveryMs);
    const stopRotation = this.#plan.options.logs === 'files' ? rotateLogs(this.#plan.folder.logs) : () => {};
    this.#stopTimers = () => {
      clearInterval(writing);
      stopRotation();
    };
    await this.#supervisor.start(storagePart(this.#plan));
    await this.#publish();
    await createBuckets({
      storage: storageAddress(this.#plan),
      project,
      buckets,
      // Pages send their uploads to the site.
      siteOrigins: [],
      deletion: deletionOf(this.#plan),
      keptDays: this.#plan.options.keptDays,
    });
    await Promise.all(workingParts(this.#plan).map((part) => this.#supervisor.start(part)));
    await this.#publish();
  }

  stop(): Promise<void> {
    this.#ending ??= this.#endAll();
    return this.#ending;
  }

  /** Makes a start that is under way fail. */
  abandon(): void {
    this.#supervisor.close();
    void this.stop();
  }

  kill(): void {
    this.#stopTimers();
    this.#supervisor.killAll();
  }

  async #endAll(): Promise<void> {
    this.#stopTimers();
    this.#supervisor.close();
    await this.#supervisor.stopAll(this.#supervisor.names().filter((name) => name !== 'storage'));
    await this.#supervisor.stopAll(this.#supervisor.names());
    await this.#writing;
    await rm(this.#plan.folder.parts, { force: true });
  }

  #publish(): Promise<void> {
    if (this.#ending) return this.#writing;
    this.#writing = this.#writing
      .then(async () => writePartsFile(this.#plan.folder, await this.#state()))
      // The next one is written soon, and a disk that is full is said by whoever needs it.
      .catch(() => {});
    return this.#writing;
  }

  /** Why no more pictures are taken; null where they are. It is said once. */
  async #uploadsRefused(): Promise<string | null> {
    const refusal = await storageRefusal(storageAddress(this.#plan));
    if (refusal !== this.#refusal) this.#say(refusal ?? 'There is room again: pictures are taken.');
    this.#refusal = refusal;
    return refusal;
  }

  async #state(): Promise<PartsFile> {
    const { options, version } = this.#plan;
    const pids = this.#supervisor.pids();
    const parts = Object.entries(this.#supervisor.states()).map(([name, { kind }]) => {
      const pid = pids[name] ?? null;
      return [name, { pid, startedAt: pid === null ? null : startTimeOf(pid), state: kind }] as const;
    });
    return {
      at: new Date(),
      pid: process.pid,
      version,
      site: localAddress(options.host, options.port),
      storage: storageAddress(this.#plan),
      refusal: await this.#uploadsRefused(),
      parts: Object.fromEntries(parts),
    };
  }
}

const healthSchema = z.object({ refusal: z.string().nullable() });

/** What the storage server says of its room; null where it does not answer, which is said elsewhere. */
async function storageRefusal(storage: string): Promise<string | null> {
  try {
    const answer = await fetch(`${storage}/_health`, { signal: AbortSignal.timeout(storageWithinMs) });
    return healthSchema.parse(await answer.json()).refusal;
  } catch {
    return null;
  }
}

/** Whole or not at all. */
async function writePartsFile(folder: DataFolder, state: PartsFile): Promise<void> {
  const temporary = `${folder.parts}.new`;
  await writeFile(temporary, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
  await rename(temporary, folder.parts);
}
