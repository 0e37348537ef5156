import type { MachineLack } from '@spillway/core/errors.ts';
import type { Control, Heartbeat } from '@spillway/core/heartbeat.ts';
import type { Target } from '@spillway/core/job.ts';
import { lackSentence, machineErrorOf } from '@spillway/core/machine-lack.ts';
import type { OperationName } from '@spillway/core/operations.ts';
import { modelsFolderFrom } from '@spillway/models/settings.ts';
import { attemptFoldersIn } from '@spillway/pipeline/attempt-folders.ts';
import { createPorts } from '@spillway/pipeline/create-ports.ts';
import { LineMemory } from '@spillway/pipeline/line-memory.ts';
import type { Outcome } from '@spillway/pipeline/outcome.ts';
import type { AppPorts, Log } from '@spillway/pipeline/ports/ports.ts';
import { checkCredentials, checkNeeds } from '@spillway/pipeline/preflight.ts';
import { type ProcessTracing, startTracing } from '@spillway/pipeline/telemetry/tracing.ts';
import { loadPlugins } from '@spillway/plugins/load.ts';
import type { WorkerConfig } from './config.ts';
import { fetchingModels } from './fetching-models.ts';
import { startHeartbeats } from './heartbeats.ts';
import { createMachineMeter } from './machine-metrics.ts';
import { OperationStatsBook } from './operation-stats.ts';
import { type OwnControl, ownControl } from './own-control.ts';
import { createOwnOffers } from './own-offers.ts';
import { createOwnProcessor } from './own-processor.ts';
import { type SelfTestProblem, selfTest, testOperation } from './self-test.ts';
import { workDirOf } from './work-dir.ts';
import { createWorkload, type Execution, type Workload } from './workload.ts';

const mebibyte = 1_024 * 1_024;
/** Room for the sources and results of jobs in a worker's hands. On Cloud Run files are memory. MiB. */
const roomMib = { vm: 1_024, run: 256 } as const satisfies Record<Target, number>;

/** What a pull loop or a push endpoint works with. */
export interface Worker extends Workload {
  readonly id: string;
  readonly slots: number;
  readonly ports: AppPorts;
  /** What the admin and breakers want of this worker. */
  readonly control: OwnControl;
  /** Says in heartbeats from now on, and at once, what state the worker is in and what its machine lacks. */
  setState(state: Heartbeat['state'], lacks?: readonly MachineLack[]): Promise<void>;
  /**
   * Tries the machine, and every operation with a small picture; resolves to what went wrong, or null.
   * @param wantedBytes Room that a job wanted of the disk and did not get.
   */
  selfTest(wantedBytes: number): Promise<SelfTestProblem | null>;
  /**
   * What its machine lacked at the start; null where it lacked nothing. No job may be taken before a self-test went
   * well.
   */
  readonly lackAtStart: MachineLack | null;
  readonly tracing: ProcessTracing;
  close(): Promise<void>;
}

export interface WorkerHooks {
  /** Told with every heartbeat what is wanted of this worker. */
  onControl?: (control: Control) => void;
  /** Told of every outcome. `ms`: from receiving the message to it, by a clock that stands still when the worker does. */
  onOutcome?: (outcome: Outcome, ms: number) => void;
}

/**
 * Starts what both kinds of worker share: connections, warm child processes, heartbeats. A VM whose machine lacks
 * something stays, and its heartbeats say so. An instance of Cloud Run throws `MachineError`, because another one takes
 * its place; everything that was started is closed then. Both kinds throw `NotSetUpError` where the cloud lacks something.
 * @param id As `identifyWorker` finds it.
 */
export async function startWorker(
  kind: Target,
  id: string,
  config: WorkerConfig,
  log: Log,
  hooks: WorkerHooks = {},
): Promise<Worker> {
  const slots = config.SPILLWAY_SLOTS;
  await loadPlugins(config.SPILLWAY_OPERATIONS);
  const tracing = startTracing(
    { name: kind === 'vm' ? 'vm-worker' : 'cloudrun-worker', instance: id },
    config,
    log,
  );
  const ports = await createPorts(config, log, 'calls', tracing);
  await checkCredentials(ports);
  const workDir = workDirOf(config.SPILLWAY_WORK_DIR, id);
  const models = { folder: modelsFolderFrom(config) };
  // https://cloud.google.com/run/docs/container-contract#filesystem
  const filesAreMemory = kind === 'run';
  const { processor, operate } = createOwnProcessor(config, { temporary: workDir.path, filesAreMemory }, log);
  const offers = createOwnOffers(
    { folder: models.folder, source: config.SPILLWAY_MODELS_SOURCE },
    ports.clock,
    log,
  );
  const control = ownControl(id, ports.fleet);
  const startedMs = performance.now();
  /** By the database's clock, which is known from the first answer on. */
  const startedAt = () => new Date(ports.clock.now().getTime() - Math.round(performance.now() - startedMs));
  const stats = new OperationStatsBook(startedAt);
  let state: Heartbeat['state'] = 'starting';
  let lacks: readonly MachineLack[] = [];

  const executor = {
    ports,
    worker: id,
    target: kind,
    folders: attemptFoldersIn(workDir.path),
    claimMs: config.SPILLWAY_CLAIM_MS,
    maxAttempts: config.SPILLWAY_MAX_ATTEMPTS,
    learned: () => stats.learned(),
    io: () => stats.io,
    line: new LineMemory(),
    async testOperation(operation: OperationName) {
      return (await testOperation(operation, processor, workDir.path))?.why ?? null;
    },
  };

  function beginExecution(): Execution {
    let fetchMs = 0;
    return {
      prepare: fetchingModels(models, config.SPILLWAY_MODELS_SOURCE, (ms) => {
        fetchMs += ms;
      }),
      operate,
      onOutcome(outcome, ms) {
        stats.record(outcome, ms, { fetchMs });
        hooks.onOutcome?.(outcome, ms);
      },
    };
  }

  const room = mebibyte * (config.SPILLWAY_IN_FLIGHT_MIB ?? roomMib[kind]);
  const workload = createWorkload(executor, { slots, mostBytes: room }, beginExecution);

  const heartbeats = startHeartbeats({
    everyMs: config.SPILLWAY_HEARTBEAT_MS,
    ports,
    readMachine: createMachineMeter(process.pid, filesAreMemory ? workDir.path : null),
    control,
    report: () => ({
      id,
      kind,
      state,
      slots,
      busy: workload.busy(),
      inFlight: workload.inFlight(),
      perOperation: stats.perOperation(),
      delivery: stats.delivery,
      io: stats.io,
      coldStartMs: stats.coldStartMs,
      models: [...processor.models],
      offers: offers(),
      lacks: [...lacks],
      pricePerHour: kind === 'vm' ? (config.SPILLWAY_VM_PRICE_PER_HOUR ?? null) : null,
      startedAt: startedAt(),
      version: config.SPILLWAY_VERSION,
    }),
    ...(hooks.onControl ? { onControl: hooks.onControl } : {}),
  });

  async function takeDown(): Promise<void> {
    state = 'stopped';
    await heartbeats.runNow();
    await heartbeats.stop();
    await processor.close();
    await workDir.remove();
    await Promise.all([ports.close(), tracing.stop()]);
  }

  /** What the machine lacks, where the children cannot start for it. */
  async function start(): Promise<MachineLack | null> {
    try {
      await workDir.prepare();
      await Promise.all([processor.warmUp(), openConnections(ports), checkNeeds(kind, ports)]);
      return null;
    } catch (error) {
      const fault = machineErrorOf(error);
      if (fault) lacks = [fault.lack];
      if (fault && kind === 'vm') {
        log.error({ error, lacks }, `This VM cannot work yet. ${lackSentence(fault.lack)}`);
        return fault.lack;
      }
      await takeDown();
      throw fault ?? error;
    }
  }

  const lackAtStart = await start();
  return {
    id,
    slots,
    ports,
    control,
    ...workload,
    lackAtStart,
    tracing,
    async setState(next, lacking = []) {
      state = next;
      lacks = lacking;
      await heartbeats.runNow();
    },
    selfTest: (wantedBytes) => selfTest(processor, workDir.path, { learned: stats.learned(), wantedBytes }),
    close: takeDown,
  };
}

/** The first calls open connections and load code, which would cost the first job time. */
async function openConnections({ jobs, blobs, buckets }: AppPorts): Promise<void> {
  // A worker starts during an outage, too: the next call that needs the service waits for it.
  await Promise.allSettled([jobs.get('warm-up'), blobs.read(buckets.results, '_warm-up')]);
}
