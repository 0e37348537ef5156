import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import {
  type OperationName,
  type OperationOptions,
  operationNames,
  pluginModules,
} from '@spillway/core/operations.ts';
import type { ModelsSettings } from '@spillway/models/settings.ts';
import { startChild } from './child.ts';
import { type ChildKeeper, createChildKeeper, type KeeperSettings } from './child-keeper.ts';
import type { ProcessedImage } from './child-protocol.ts';
import { defaultInputLimits, type InputLimits } from './input-limits.ts';
import type { SandboxRule } from './sandbox.ts';

export type { ProcessedImage } from './child-protocol.ts';

export interface ProcessRequest {
  operation: OperationName;
  options: OperationOptions;
  inputPath: string;
  /** Path of the result without its extension, which the operation and its options decide. */
  outputPath: string;
  /** Whether thumbnails of source and result are wanted as well. Default: no. */
  thumbnails?: boolean;
  /** Calls the job off: its child is killed, and `process` rejects with the signal's reason. */
  signal?: AbortSignal;
}

/** Runs operations in child processes, each one job at a time. */
export interface Processor {
  /**
   * Makes the result of one picture. Waits for a free child first.
   * @throws PermanentError with the code of what is wrong with the picture or its options.
   * @throws RetryableError `internal` (the child crashed), `processing_timeout` or `out_of_memory`, UnexpectedError
   * (its code threw): one failed attempt. The next job has a new child.
   * @throws MachineError if this machine lacks something that the job needs, which is not the job's fault.
   */
  process(request: ProcessRequest): Promise<ProcessedImage>;
  /**
   * Starts every child and waits until each has run a small picture. Otherwise the first jobs would wait for that.
   * @throws MachineError if one cannot start.
   */
  warmUp(): Promise<void>;
  /** Starts one more child, which does no work, and ends it. Throws MachineError if that is not possible. */
  tryStart(): Promise<void>;
  /** Ends every child at once and waits until they are gone. Jobs under way and waiting reject. */
  close(): Promise<void>;
  /** Names of the models that the children run with; empty until one has started. */
  readonly models: string[];
  /** Process ids of the living children. */
  readonly pids: number[];
}

export interface ProcessorOptions {
  /** How many jobs run at once. */
  children: number;
  /** Milliseconds that one job may take in its child. */
  timeLimitMs: number;
  /** Resident bytes that a job may add to what its child holds with its models loaded. */
  memoryLimitBytes: number;
  /**
   * Whether the file system is memory, as on Cloud Run: files in the folder of a job's source count towards its limit.
   * Default: false.
   */
  filesAreMemory?: boolean;
  /** Jobs after which a child is replaced. */
  recycleAfter: number;
  /**
   * Resident bytes that an idle child may keep beyond those before it is replaced. Default: 192 MiB, or half the limit.
   */
  recycleAboveBytes?: number;
  /**
   * Threads of libvips and of inference in each child. Default: the machine's processors shared out among the children.
   */
  threadsPerChild?: number;
  limits?: InputLimits;
  models: ModelsSettings;
  /** Operations that a child runs on a small picture when it starts. Default: all. */
  warmUp?: readonly OperationName[];
  /** The children's entry script. */
  childScript?: string;
  /** Folder for the children's temporary files. Default: the system's. */
  temporary?: string;
  /** Default: where possible. */
  sandbox?: SandboxRule;
}

const childEntry = fileURLToPath(new URL('./child-entry.ts', import.meta.url));

export function createProcessor(options: ProcessorOptions): Processor {
  const settings = keeperSettings(options);
  const keepers = Array.from({ length: options.children }, () => createChildKeeper(settings));
  const free = [...keepers];
  const waiting: PromiseWithResolvers<ChildKeeper>[] = [];
  const never = new AbortController().signal;
  let closed = false;

  async function takeKeeper(signal: AbortSignal): Promise<ChildKeeper> {
    signal.throwIfAborted();
    if (closed) throw closedError();
    const keeper = free.pop();
    if (keeper) return keeper;
    const turn = Promise.withResolvers<ChildKeeper>();
    waiting.push(turn);
    const leave = (): void => {
      const place = waiting.indexOf(turn);
      if (place !== -1) waiting.splice(place, 1);
      turn.reject(signal.reason);
    };
    signal.addEventListener('abort', leave);
    return await turn.promise.finally(() => signal.removeEventListener('abort', leave));
  }

  function giveBack(keeper: ChildKeeper): void {
    const turn = waiting.shift();
    if (turn) turn.resolve(keeper);
    else free.push(keeper);
  }

  return {
    async process({ operation, options, inputPath, outputPath, thumbnails = false, signal = never }) {
      const keeper = await takeKeeper(signal);
      try {
        return await keeper.run({ operation, options, inputPath, outputPath, thumbnails }, signal);
      } finally {
        giveBack(keeper);
      }
    },
    async warmUp() {
      await Promise.all(keepers.map((keeper) => keeper.warmUp()));
    },
    async tryStart() {
      const { program, child } = settings;
      const started = await startChild(program, { ...child, warmUp: [] }, never);
      await started.kill();
    },
    async close() {
      closed = true;
      for (const turn of waiting.splice(0)) turn.reject(closedError());
      await Promise.all(keepers.map((keeper) => keeper.close()));
    },
    get models() {
      return [...new Set(keepers.flatMap((keeper) => keeper.child?.models ?? []))];
    },
    get pids() {
      return keepers.flatMap((keeper) => keeper.child?.pid ?? []);
    },
  };
}

function keeperSettings(options: ProcessorOptions): KeeperSettings {
  const share = Math.max(1, Math.floor(availableParallelism() / options.children));
  return {
    program: {
      script: options.childScript ?? childEntry,
      temporary: options.temporary ?? null,
      sandbox: options.sandbox ?? 'where_possible',
    },
    child: {
      threads: options.threadsPerChild ?? share,
      limits: limitsFor(options),
      models: options.models,
      plugins: pluginModules(),
      warmUp: [...(options.warmUp ?? operationNames)],
    },
    job: {
      timeLimitMs: options.timeLimitMs,
      memoryLimitBytes: options.memoryLimitBytes,
      filesAreMemory: options.filesAreMemory ?? false,
    },
    recycleAfter: options.recycleAfter,
    recycleAboveBytes: options.recycleAboveBytes ?? Math.min(mostKept, options.memoryLimitBytes / 2),
  };
}

/** The gate's limit on memory is below the limit that ends a job. */
function limitsFor({ limits = defaultInputLimits, memoryLimitBytes }: ProcessorOptions): InputLimits {
  return { ...limits, maxMemory: Math.min(limits.maxMemory, memoryShare * memoryLimitBytes) };
}

/** Bytes. The remains of large pictures must not add up with the next one's memory. */
const mostKept = 192 * 1024 * 1024;

/** The gate's share of the limit on a job's memory: estimates have an error, and memory is freed late. */
const memoryShare = 0.75;

function closedError(): Error {
  return new Error('The processor is closed.');
}
