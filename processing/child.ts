import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { isDeepStrictEqual } from 'node:util';
import { MachineError, type MachineLack, messageOf } from '@spillway/core/errors.ts';
import { lackSentence, machineErrorOf } from '@spillway/core/machine-lack.ts';
import { resultContentTypes } from '@spillway/core/picture-types.ts';
import { afterAwake } from './awake-time.ts';
import { ChildChannel, childStdio } from './child-channel.ts';
import {
  type ChildJob,
  type ChildOutcome,
  type ChildRequest,
  type ChildSettings,
  childAnswerSchema,
  childStartSchema,
  resultPathOf,
  thumbnailsPathOf,
} from './child-protocol.ts';
import { residentBytes } from './process-tree.ts';
import { launchOf, noSandboxExit, type SandboxRule } from './sandbox.ts';

/** One child process from its start to its end. */
export interface Child {
  readonly pid: number;
  /** Names of the models that it has loaded. */
  readonly models: readonly string[];
  /** Its resident bytes with these models and no job. The memory of jobs is counted from there. */
  readonly restingBytes: number;
  /** Jobs handed to it so far. */
  readonly jobs: number;
  /** False as soon as it was killed, even before the system has ended it. */
  isAlive(): boolean;
  /** Runs one job. Call it only when the one before has ended. Rejects with `ChildDied` if the process ends. */
  run(job: ChildJob): Promise<ChildOutcome>;
  /** Ends it at once and waits until it is gone. A job under way rejects with `ChildDied`. */
  kill(): Promise<void>;
}

/** The child ended before it answered: it crashed, or it was killed. */
export class ChildDied extends Error {
  override readonly name = 'ChildDied';
  /** The signal that ended it; null if it exited by itself. */
  readonly signal: NodeJS.Signals | null;
  readonly exitCode: number | null;

  constructor(exitCode: number | null, signal: NodeJS.Signals | null) {
    super(`The child process ended before it answered (${signal ?? `exit code ${exitCode}`}).`);
    this.exitCode = exitCode;
    this.signal = signal;
  }
}

/** The program in the child cannot get ready on any machine: a defect of this installation. */
export class BrokenChild extends Error {
  override readonly name = 'BrokenChild';

  constructor(detail: string) {
    super(`A child process could not get ready. ${detail}`);
  }
}

/**
 * glibc returns freed blocks of this size and more to the system at once, instead of raising the size over time, and
 * keeps few heaps. Otherwise the planes of a large picture would stay in a child that does not need them.
 */
const allocator = { MALLOC_MMAP_THRESHOLD_: String(4 * 1024 * 1024), MALLOC_ARENA_MAX: '2' };

/**
 * V8 lets its space for new objects grow to 16 MiB three times over. A child's large objects, samples, are not in there, and
 * it makes few others.
 */
const frugal = ['--max-semi-space-size=2'];

/**
 * A child that is not warm by then has a defect. It usually takes less than a second, and more with large models. It may
 * be started when an instance of Cloud Run is about to stand still, and goes on with the next request.
 */
const startLimitMs = 60_000;

/**
 * The variables that a child gets. It must not get the worker's credentials, because a crafted picture may take over a
 * decoder.
 */
const passedOn = ['PATH', 'HOME', 'LANG', 'TZ', 'TMPDIR', 'LD_LIBRARY_PATH', 'XDG_CACHE_HOME'];

export interface ChildProgram {
  /** Absolute path of the entry script. */
  script: string;
  /** Folder for its temporary files; null for the system's. */
  temporary: string | null;
  sandbox: SandboxRule;
}

/**
 * Starts a child and waits until it is warm.
 * @throws MachineError if it does not start, `BrokenChild` if its program cannot get ready, or the signal's reason if
 * the start was called off.
 */
export async function startChild(
  program: ChildProgram,
  settings: ChildSettings,
  signal: AbortSignal,
): Promise<Child> {
  signal.throwIfAborted();
  try {
    return await start(program, settings, signal);
  } catch (error) {
    signal.throwIfAborted();
    throw startFault(error);
  }
}

/** A child that does not start is never a job's fault: it is the machine's, or a defect of this installation. */
function startFault(error: unknown): MachineError | BrokenChild {
  if (error instanceof BrokenChild) return error;
  if (error instanceof ChildDied && error.exitCode === noSandboxExit) return new BrokenChild(sandboxFails);
  const known = machineErrorOf(error);
  if (known) return known;
  // A SIGKILL that we did not send is the kernel's, because memory ran out.
  const lack = error instanceof ChildDied && error.signal === 'SIGKILL' ? 'memory' : 'processes';
  const why = messageOf(error);
  return new MachineError(lack, `No child process can be started. ${why}`, { cause: error });
}

const sandboxFails =
  'Its sandbox is required and does not hold on this machine (see the line before). ' +
  'A kernel with Landlock has all that it needs; SPILLWAY_SANDBOX=where_possible does without.';

async function start(
  { script, temporary, sandbox }: ChildProgram,
  settings: ChildSettings,
  signal: AbortSignal,
): Promise<Child> {
  const child = launch(script, sandbox, childEnvironment(temporary));
  // Without a listener an error would end the parent. The 'exit' event tells what it means.
  child.on('error', () => {});
  if (child.pid === undefined) {
    const [cause] = await once(child, 'error');
    throw cause;
  }
  const tooLate = new AbortController();
  const callOff = afterAwake(startLimitMs, () =>
    tooLate.abort(new Error(`It was not ready within ${startLimitMs / 1_000} s.`)),
  );
  const stop = AbortSignal.any([signal, tooLate.signal]);
  const kill = () => child.kill('SIGKILL');
  stop.addEventListener('abort', kill);
  try {
    const channel = new ChildChannel(child.stdio[3] as Duplex);
    channel.on('broken', kill);
    const answer = childStartSchema.parse(await ask(child, channel, { kind: 'start', settings }));
    switch (answer.kind) {
      case 'ready':
        return childOf(child, channel, answer.models, await restingBytesOf(child));
      case 'unfit':
        throw unfit(answer.lack, answer.detail);
      case 'broken':
        throw new BrokenChild(answer.detail);
      default:
        return answer satisfies never;
    }
  } catch (error) {
    await end(child);
    throw stop.aborted ? stop.reason : error;
  } finally {
    callOff();
    stop.removeEventListener('abort', kill);
  }
}

function launch(script: string, sandbox: SandboxRule, env: NodeJS.ProcessEnv): ChildProcess {
  const how = launchOf(sandbox);
  switch (how.kind) {
    case 'sandboxed':
      return spawn(how.execPath, [...how.execArgv, ...frugal, script], { stdio: [...childStdio], env });
    case 'plain':
      if (sandbox === 'required') throw new BrokenChild(`Its sandbox is required. ${how.why}`);
      return spawn(process.execPath, [...frugal, script], { stdio: [...childStdio], env });
    default:
      return how satisfies never;
  }
}

function unfit(lack: MachineLack, detail: string): MachineError {
  return new MachineError(lack, `A child process could not get ready. ${lackSentence(lack)}`, {
    cause: detail,
  });
}

function childOf(
  child: ChildProcess,
  channel: ChildChannel,
  modelsAtStart: string[],
  bytesAtStart: number,
): Child {
  let models = modelsAtStart;
  let restingBytes = bytesAtStart;
  let jobs = 0;
  return {
    pid: child.pid ?? 0,
    get models() {
      return models;
    },
    get restingBytes() {
      return restingBytes;
    },
    get jobs() {
      return jobs;
    },
    isAlive: () => hasNotExited(child) && !child.killed,
    async run(job) {
      jobs++;
      const answer = childAnswerSchema.parse(await ask(child, channel, { kind: 'process', job }));
      refuseOtherFiles(answer.outcome, job);
      if (!isDeepStrictEqual(answer.models, models)) {
        models = answer.models;
        restingBytes = await restingBytesOf(child);
      }
      return answer.outcome;
    },
    kill: () => end(child),
  };
}

/**
 * The worker sends the file that an answer names to whoever sent the picture. A child whose decoder was taken over could
 * name the worker's credentials, which it cannot read itself.
 */
function refuseOtherFiles(outcome: ChildOutcome, job: ChildJob): void {
  if (outcome.kind !== 'processed') return;
  const { path, contentType, extension, thumbnails } = outcome.image;
  if (path !== resultPathOf(job, extension) || contentType !== resultContentTypes[extension]) {
    throw new Error('A child named another file than the result of its job.');
  }
  if (thumbnails.kind === 'made' && !(job.thumbnails && thumbnails.path === thumbnailsPathOf(job))) {
    throw new Error('A child named another file than the thumbnails of its job.');
  }
}

/** Sends one request and waits for the next message, or for the process to end. */
async function ask(child: ChildProcess, channel: ChildChannel, request: ChildRequest): Promise<unknown> {
  if (!hasNotExited(child)) throw new ChildDied(child.exitCode, child.signalCode);
  const settled = new AbortController();
  const { signal } = settled;
  try {
    const answer = once(channel, 'message', { signal }).then(([message]) => message as unknown);
    const fault = once(channel, 'broken', { signal }).then(([error]) => {
      throw error;
    });
    const death = once(child, 'exit', { signal }).then(([exitCode, deadly]) => {
      throw new ChildDied(exitCode as number | null, deadly as NodeJS.Signals | null);
    });
    // The losers of the race are aborted below, and must not count as unhandled.
    answer.catch(() => {});
    fault.catch(() => {});
    death.catch(() => {});
    // A failure to send means that the process has ended or is ending: 'exit' follows.
    channel.send(request);
    return await Promise.race([answer, fault, death]);
  } finally {
    settled.abort();
  }
}

async function restingBytesOf(child: ChildProcess): Promise<number> {
  return (await residentBytes(child.pid ?? 0)) ?? 0;
}

async function end(child: ChildProcess): Promise<void> {
  if (!hasNotExited(child)) return;
  const exit = once(child, 'exit');
  // Native code reacts to no other signal.
  child.kill('SIGKILL');
  await exit;
}

function hasNotExited(child: ChildProcess): boolean {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null;
}

function childEnvironment(temporary: string | null): NodeJS.ProcessEnv {
  const known = passedOn.filter((name) => process.env[name] !== undefined);
  const passed = Object.fromEntries(known.map((name) => [name, process.env[name]]));
  return { ...allocator, ...passed, ...(temporary === null ? {} : { TMPDIR: temporary }) };
}
