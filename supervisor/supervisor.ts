import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { messageOf } from '@spillway/core/errors.ts';
import { z } from 'zod';
import { signalAll } from './processes.ts';
import { StartError } from './start-error.ts';

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
  /** What to tell the person if it does not start, if that is clearer than its log. */
  whenItFails?: string;
  /** Called after each restart, when the part is ready again. */
  onRestarted?: () => Promise<void>;
}

/** Exponential back-off between restarts, up to a limit. It starts again after a part ran for a while. */
const restart = { firstMs: 200, mostMs: 10_000, ranAWhileMs: 10_000 } as const;
const defaultReadyWithinMs = 60_000;
/** From SIGTERM to SIGKILL. The whole stack has to end within 10 s. Milliseconds. */
const killAfterMs = 6_000;

interface Part {
  spec: PartSpec;
  child: ChildProcess;
  log: WriteStream;
  stopping: boolean;
  restarts: number;
  ownProcesses: number[];
}

/**
 * Starts child processes, restarts those that die, and ends them all. Each child has an IPC channel and a process group
 * of its own: Ctrl-C reaches only the launcher, and when a killed launcher closes the channels its children end
 * themselves.
 */
export class Supervisor {
  readonly #parts = new Map<string, Part>();
  readonly #logDirectory: string;
  readonly #say: (line: string) => void;
  readonly #onChange: () => void;
  #closed = false;

  constructor(logDirectory: string, say: (line: string) => void, onChange: () => void) {
    this.#logDirectory = logDirectory;
    this.#say = say;
    this.#onChange = onChange;
  }

  /** Starts a part and resolves when it is ready. Throws `StartError` with the end of its log. */
  async start(spec: PartSpec): Promise<void> {
    if (this.#closed) throw new StartError(`${spec.name} was not started: everything is being ended.`);
    await mkdir(this.#logDirectory, { recursive: true });
    const log = createWriteStream(this.#logFile(spec.name), { flags: 'a' });
    await once(log, 'open');
    const part: Part = {
      spec,
      child: launch(spec, log),
      log,
      stopping: false,
      restarts: 0,
      ownProcesses: [],
    };
    this.#parts.set(spec.name, part);
    try {
      part.ownProcesses = (await becomesReady(part.child, spec.readyWithinMs)).pids;
      this.#keepAlive(part);
    } catch (error) {
      await this.stop(spec.name);
      throw new StartError(spec.whenItFails ?? (await this.#whyNotStarted(spec.name, error)));
    }
  }

  pids(): Record<string, number> {
    const entries = [...this.#parts].map(([name, { child }]) => [name, child.pid ?? 0] as const);
    return Object.fromEntries(entries.filter(([, pid]) => pid > 0));
  }

  /** Ends one part for good. */
  async stop(name: string): Promise<void> {
    const part = this.#parts.get(name);
    if (!part) return;
    part.stopping = true;
    this.#parts.delete(name);
    await end(part.child);
    part.log.end();
    this.#onChange();
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
    const startedAt = Date.now();
    part.child.once('exit', (code, signal) => {
      if (part.stopping) return;
      this.#say(`${part.spec.name} ended (${signal ?? `exit code ${code}`}) and is being restarted.`);
      if (Date.now() - startedAt > restart.ranAWhileMs) part.restarts = 0;
      signalAll(part.ownProcesses, 'SIGKILL');
      void this.#restart(part);
    });
  }

  async #restart(part: Part): Promise<void> {
    const waitMs = Math.min(restart.mostMs, restart.firstMs * 2 ** part.restarts++);
    await new Promise((resolve) => setTimeout(resolve, waitMs));
    if (part.stopping) return;
    part.child = launch(part.spec, part.log);
    try {
      part.ownProcesses = (await becomesReady(part.child, part.spec.readyWithinMs)).pids;
      await part.spec.onRestarted?.();
      // It is not watched yet: without this check, a part that ended during its recovery would never restart.
      if (hasEnded(part.child)) throw new Error('it ended during its recovery.');
      this.#say(`${part.spec.name} is back.`);
      this.#onChange();
      this.#keepAlive(part);
    } catch (error) {
      if (part.stopping) return;
      this.#say(await this.#whyNotStarted(part.spec.name, error));
      await end(part.child);
      void this.#restart(part);
    }
  }

  #logFile(name: string): string {
    return join(this.#logDirectory, `${name}.log`);
  }

  async #whyNotStarted(name: string, error: unknown): Promise<string> {
    const why = messageOf(error);
    const text = await readFile(this.#logFile(name), 'utf8').catch(() => '');
    const lastLines = text.trimEnd().split('\n').slice(-12).join('\n');
    return `${name} did not start: ${why}\nThe end of its log (${this.#logFile(name)}):\n${lastLines}`;
  }
}

function launch(
  { entry, workdir, environment, nodeArguments = [] }: PartSpec,
  log: WriteStream,
): ChildProcess {
  return fork(fileURLToPath(entry), {
    cwd: workdir,
    env: environment,
    execArgv: [...process.execArgv, ...nodeArguments],
    detached: true,
    stdio: ['ignore', log, log, 'ipc'],
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

async function end(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), killAfterMs);
  await exited;
  clearTimeout(timer);
}
