import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { messageOf } from '@spillway/core/errors.ts';
import { z } from 'zod';
import { signalAll } from './processes.ts';
import { PassingStartError, StartError } from './start-error.ts';

/** A part's message to the launcher over IPC, as soon as it answers. */
const readySchema = z.object({
  ready: z.literal(true),
  /** Processes that outlive the part if it is killed, and would block its successor. */
  pids: z.array(z.number()).default([]),
});
type Ready = z.infer<typeof readySchema>;

export interface PartSpec {
  name: string;
  /** The part's file: TypeScript, or JavaScript of a built program. */
  entry: URL;
  /** The folder that it is started in. Default: the launcher's. */
  workdir?: string;
  environment: Record<string, string>;
  /** Arguments for Node, before the part's file. */
  nodeArguments?: string[];
  /** Limit for becoming ready, in milliseconds. */
  readyWithinMs?: number;
  /** From SIGTERM to SIGKILL, in milliseconds. Default: what lets a whole local stack end within 10 s. */
  killAfterMs?: number;
  /** What to tell the person if it does not start, if that is clearer than its log. */
  whenItFails?: string;
  /** Called after each restart, when the part is ready again. */
  onRestarted?: () => Promise<void>;
}

/** Exponential back-off between restarts, up to a limit. It starts again after a part ran for a while. */
const restart = { firstMs: 200, mostMs: 10_000, ranAWhileMs: 10_000 } as const;
/** A part that was restarted this often without running for a while keeps failing. */
const failingRestarts = 3;
const defaultReadyWithinMs = 60_000;
/** Milliseconds. */
const defaultKillAfterMs = 6_000;

interface Part {
  spec: PartSpec;
  child: ChildProcess;
  /** Null where its output is the launcher's. */
  log: WriteStream | null;
  stopping: boolean;
  restarts: number;
  /** When it was ready last, in milliseconds since 1970; null while it is not. */
  readySince: number | null;
  ownProcesses: number[];
}

/** How a part is now. */
export type PartState =
  | { kind: 'running' }
  /** It ended, and is about to run again. */
  | { kind: 'restarting' }
  /** It was started again several times and did not run for long. */
  | { kind: 'failing' };

/**
 * Starts child processes, restarts those that die, and ends them all. Each child has an IPC channel and a process group
 * of its own: Ctrl-C reaches only the launcher, and when a killed launcher closes the channels its children end
 * themselves.
 */
export class Supervisor {
  readonly #parts = new Map<string, Part>();
  readonly #logDirectory: string | null;
  readonly #say: (line: string) => void;
  readonly #onChange: () => void;
  readonly #newSpaceMib: number;
  #closed = false;

  /**
   * @param logDirectory Gets a file of each part's output. Null: that is the launcher's own.
   * @param newSpaceMib How far V8 lets its space for new objects grow, three times over, in each part. V8's own limit is
   * 16, and it does not give that back while a program idles. Most objects of these programs live as long as one request.
   */
  constructor(
    logDirectory: string | null,
    say: (line: string) => void,
    onChange: () => void,
    newSpaceMib = 2,
  ) {
    this.#logDirectory = logDirectory;
    this.#say = say;
    this.#onChange = onChange;
    this.#newSpaceMib = newSpaceMib;
  }

  /** Starts a part and resolves when it is ready. Throws `PassingStartError` with the end of its log. */
  async start(spec: PartSpec): Promise<void> {
    if (this.#closed) throw new StartError(`${spec.name} was not started: everything is being ended.`);
    const log = await this.#openLog(spec.name);
    const part: Part = {
      spec,
      child: launch(spec, log, this.#newSpaceMib),
      log,
      stopping: false,
      restarts: 0,
      readySince: null,
      ownProcesses: [],
    };
    this.#parts.set(spec.name, part);
    try {
      part.ownProcesses = (await becomesReady(part.child, spec.readyWithinMs)).pids;
      part.readySince = Date.now();
      this.#keepAlive(part);
    } catch (error) {
      await this.stop(spec.name);
      throw new PassingStartError(spec.whenItFails ?? (await this.#whyNotStarted(spec.name, error)));
    }
  }

  pids(): Record<string, number> {
    const entries = [...this.#parts].map(([name, { child }]) => [name, child.pid ?? 0] as const);
    return Object.fromEntries(entries.filter(([, pid]) => pid > 0));
  }

  states(): Record<string, PartState> {
    return Object.fromEntries([...this.#parts].map(([name, part]) => [name, stateOf(part)]));
  }

  /** Ends one part for good. */
  async stop(name: string): Promise<void> {
    const part = this.#parts.get(name);
    if (!part) return;
    part.stopping = true;
    this.#parts.delete(name);
    await end(part.child, part.spec.killAfterMs);
    part.log?.end();
    this.#onChange();
  }

  /** Ends every part at once, and what it has started: each has a process group of its own. */
  killAll(): void {
    this.close();
    for (const part of this.#parts.values()) {
      part.stopping = true;
      signalAll(
        [...part.ownProcesses, -(part.child.pid ?? 0)].filter((pid) => pid !== 0),
        'SIGKILL',
      );
    }
  }

  async stopAll(names: string[]): Promise<void> {
    await Promise.all(names.map((name) => this.stop(name)));
  }

  /** Refuses all further starts. */
  close(): void {
    this.#closed = true;
  }

  names(): string[] {
    return [...this.#parts.keys()];
  }

  #keepAlive(part: Part): void {
    part.child.once('exit', (code, signal) => {
      if (part.stopping) return;
      this.#say(`${part.spec.name} ended (${signal ?? `exit code ${code}`}) and is being restarted.`);
      if (hasRunAWhile(part)) part.restarts = 0;
      part.readySince = null;
      this.#onChange();
      signalAll(part.ownProcesses, 'SIGKILL');
      void this.#restart(part);
    });
  }

  async #restart(part: Part): Promise<void> {
    const waitMs = Math.min(restart.mostMs, restart.firstMs * 2 ** part.restarts++);
    await new Promise((resolve) => setTimeout(resolve, waitMs));
    if (part.stopping) return;
    part.child = launch(part.spec, part.log, this.#newSpaceMib);
    try {
      part.ownProcesses = (await becomesReady(part.child, part.spec.readyWithinMs)).pids;
      await part.spec.onRestarted?.();
      // It is not watched yet: without this check, a part that ended during its recovery would never restart.
      if (hasEnded(part.child)) throw new Error('it ended during its recovery.');
      part.readySince = Date.now();
      this.#say(`${part.spec.name} is back.`);
      this.#onChange();
      this.#keepAlive(part);
    } catch (error) {
      if (part.stopping) return;
      this.#say(await this.#whyNotStarted(part.spec.name, error));
      this.#onChange();
      await end(part.child, part.spec.killAfterMs);
      void this.#restart(part);
    }
  }

  async #openLog(name: string): Promise<WriteStream | null> {
    if (this.#logDirectory === null) return null;
    await mkdir(this.#logDirectory, { recursive: true });
    const log = createWriteStream(logFile(this.#logDirectory, name), { flags: 'a' });
    await once(log, 'open');
    return log;
  }

  async #whyNotStarted(name: string, error: unknown): Promise<string> {
    const why = `${name} did not start: ${messageOf(error)}`;
    if (this.#logDirectory === null) return why;
    const file = logFile(this.#logDirectory, name);
    const text = await readFile(file, 'utf8').catch(() => '');
    const lastLines = text.trimEnd().split('\n').slice(-12).join('\n');
    return `${why}\nThe end of its log (${file}):\n${lastLines}`;
  }
}

function logFile(directory: string, name: string): string {
  return join(directory, `${name}.log`);
}

function hasRunAWhile({ readySince }: Part): boolean {
  return readySince !== null && Date.now() - readySince > restart.ranAWhileMs;
}

function stateOf(part: Part): PartState {
  if (part.restarts >= failingRestarts && !hasRunAWhile(part)) return { kind: 'failing' };
  return { kind: part.readySince === null ? 'restarting' : 'running' };
}

function launch(
  { entry, workdir, environment, nodeArguments = [] }: PartSpec,
  log: WriteStream | null,
  newSpaceMib: number,
): ChildProcess {
  const output = log ?? 'inherit';
  return fork(fileURLToPath(entry), {
    cwd: workdir,
    env: environment,
    execArgv: [`--max-semi-space-size=${newSpaceMib}`, ...process.execArgv, ...nodeArguments],
    detached: true,
    stdio: ['ignore', output, output, 'ipc'],
  });
}

async function becomesReady(child: ChildProcess, withinMs = defaultReadyWithinMs): Promise<Ready> {
  const { promise, resolve, reject } = Promise.withResolvers<Ready>();
  const timer = setTimeout(
    () => reject(new Error(`it was not ready within ${withinMs / 1_000} s.`)),
    withinMs,
  );
  const onMessage = (message: unknown) => {
    const ready = readySchema.safeParse(message);
    if (ready.success) resolve(ready.data);
  };
  const onExit = (code: number | null, signal: string | null) =>
    reject(new Error(`it ended (${signal ?? `exit code ${code}`}).`));
  child.on('message', onMessage).once('exit', onExit).once('error', reject);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    child.off('message', onMessage).off('exit', onExit).off('error', reject);
  }
}

function hasEnded({ exitCode, signalCode, pid }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null || pid === undefined;
}

async function end(child: ChildProcess, killAfterMs = defaultKillAfterMs): Promise<void> {
  if (hasEnded(child)) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), killAfterMs);
  await exited;
  clearTimeout(timer);
}
