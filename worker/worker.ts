import type { MachineLack } from '@spillway/core/errors.ts';
import type { Control, Heartbeat } from '@spillway/core/heartbeat.ts';
import type { Target } from '@spillway/core/job.ts';
import { lackSentence, machineErrorOf } from '@spillway/core/machine-lack.ts';
import { modelsFolderFrom } from '@spillway/models/settings.ts';
import { deliverNext } from '@spillway/pipeline/deliver.ts';
import { type Deliverer, type Delivery, isSettled, type Process } from '@spillway/pipeline/delivery.ts';
import { createGcpPorts, type GcpPorts } from '@spillway/pipeline/gcp/ports.ts';
import type { Log } from '@spillway/pipeline/ports/ports.ts';
import { receive } from '@spillway/pipeline/receive.ts';
import { createProcessor } from '@spillway/processing/processor.ts';
import type { WorkerConfig } from './config.ts';
import { startHeartbeats } from './heartbeats.ts';
import { OperationStatsBook } from './operation-stats.ts';
import { type SelfTestProblem, selfTest, testOperation } from './self-test.ts';
import { sleeping } from './sleeping.ts';
import { withModels } from './with-models.ts';
import { workDirOf } from './work-dir.ts';

/** What a pull loop or a push endpoint is given to work with. */
export interface Worker {
  readonly id: string;
  readonly slots: number;
  readonly ports: GcpPorts;
  busy(): number;
  /** Does the job that a message names. Resolves to whether Pub/Sub may forget the message; never rejects. */
  work(data: string): Promise<boolean>;
  /**
   * Does what is first in the VMs' line. Resolves to null where nothing waits, else as `work`: false asks for a message
   * to be brought again, so that the job that was given back has one. Never rejects.
   */
  workNext(): Promise<boolean | null>;
  /** Says in heartbeats from now on, and at once, what state the worker is in and what its machine lacks. */
  setState(state: Heartbeat['state'], lacks?: readonly MachineLack[]): Promise<void>;
  /** Gives what is being worked on back to the queue, uncounted; later jobs are worked on again. */
  giveBack(): void;
  /**
   * Tries out the machine, and every operation with a small picture; resolves to what went wrong, or null.
   * @param wantedBytes What a job wanted of the disk that did not get it.
   */
  selfTest(wantedBytes: number): Promise<SelfTestProblem | null>;
  /** What its machine lacked at the start: nothing may be taken before a self-test went well. Null where it was well. */
  readonly lackAtStart: MachineLack | null;
  /** Resolves when nothing is being worked on. */
  idle(): Promise<void>;
  close(): Promise<void>;
}

export interface WorkerHooks {
  /** Told with every heartbeat what is wanted of this worker. */
  onControl?: (control: Control) => void;
  /** Told of every outcome; milliseconds from receiving the message to it. */
  onDelivery?: (delivery: Delivery, ms: number) => void;
}

/**
 * Starts what both kinds of worker share: connections, warm child processes, heartbeats. A VM whose machine lacks
 * something stays, and says so, until it has it back; an instance of Cloud Run throws `MachineError`, since another one
 * takes its place. What was begun is then taken down.
 */
export async function startWorker(
  kind: Target,
  config: WorkerConfig,
  log: Log,
  hooks: WorkerHooks = {},
): Promise<Worker> {
  const id = config.SPILLWAY_WORKER_ID;
  const slots = config.SPILLWAY_SLOTS;
  const ports = createGcpPorts(config, log);
  const workDir = workDirOf(config.SPILLWAY_WORK_DIR, id);
  const models = { folder: modelsFolderFrom(config) };
  const processor = createProcessor({
    children: slots,
    timeLimitMs: config.SPILLWAY_TIME_LIMIT_MS,
    memoryLimitBytes: config.SPILLWAY_MEMORY_LIMIT_MIB * 1_024 * 1_024,
    recycleAfter: config.SPILLWAY_RECYCLE_AFTER,
    models,
    temporary: workDir.path,
  });
  const run: Process =
    config.SPILLWAY_SLEEP_MS === undefined
      ? (request) => processor.process(request)
      : sleeping(config.SPILLWAY_SLEEP_MS);
  let leaving = new AbortController();
  const active = new Set<Promise<unknown>>();
  const startedAt = ports.clock.now();
  const stats = new OperationStatsBook(startedAt);
  let state: Heartbeat['state'] = 'starting';
  let lacks: readonly MachineLack[] = [];

  const heartbeats = startHeartbeats({
    everyMs: config.SPILLWAY_HEARTBEAT_MS,
    fleet: ports.fleet,
    clock: ports.clock,
    timers: ports.timers,
    log,
    report: () => ({
      id,
      kind,
      state,
      slots,
      busy: active.size,
      perOperation: stats.perOperation(),
      delivery: stats.delivery,
      coldStartMs: stats.coldStartMs,
      models: [...processor.models],
      lacks: [...lacks],
      startedAt,
      version: config.SPILLWAY_VERSION,
    }),
    ...(hooks.onControl ? { onControl: hooks.onControl } : {}),
  });

  const deliverer: Omit<Deliverer, 'process' | 'leaving'> = {
    ports,
    worker: id,
    target: kind,
    workDir: workDir.path,
    claimMs: config.SPILLWAY_CLAIM_MS,
    maxAttempts: config.SPILLWAY_MAX_ATTEMPTS,
    learned: () => stats.learned(),
    async testOperation(operation) {
      return (await testOperation(operation, processor, workDir.path))?.why ?? null;
    },
  };

  /** Has one delivery done, and notes what came of it. */
  async function timed(deliverWith: (deliverer: Deliverer) => Promise<Delivery | null>): Promise<void> {
    const started = performance.now();
    // Fetching a model happens once: it would mislead the router about every later job.
    let fetchMs = 0;
    const process = withModels(run, models, config.SPILLWAY_MODELS_SOURCE, (ms) => {
      fetchMs = ms;
    });
    const delivery = await deliverWith({ ...deliverer, process, leaving: leaving.signal });
    if (!delivery) return;
    const ms = Math.round(performance.now() - started - fetchMs);
    stats.record(delivery, ms);
    hooks.onDelivery?.(delivery, ms);
    const jobId = 'job' in delivery ? delivery.job.id : undefined;
    const why = 'why' in delivery ? delivery.why : undefined;
    log.info({ jobId, outcome: delivery.kind, why, ms }, 'Delivered.');
  }

  /** Keeps the worker busy until it is done. */
  function counted<Outcome>(work: Promise<Outcome>): Promise<Outcome> {
    const counting = work.finally(() => active.delete(counting));
    active.add(counting);
    return counting;
  }

  async function receiveOne(data: string): Promise<boolean> {
    let settled = false;
    await timed(async (each) => {
      const received = await receive(data, each);
      settled = received.settled;
      return received.delivery;
    });
    return settled;
  }

  async function next(): Promise<boolean | null> {
    let settled: boolean | null = null;
    await timed(async (each) => {
      const delivery = await deliverNext(each);
      settled = delivery && isSettled(delivery);
      return delivery;
    });
    return settled;
  }

  async function takeDown(): Promise<void> {
    state = 'stopped';
    await heartbeats.beat();
    await heartbeats.stop();
    await processor.close();
    await workDir.remove();
    await ports.close();
  }

  /** What the machine lacks, where the children cannot start for it. */
  async function start(): Promise<MachineLack | null> {
    try {
      await workDir.prepare();
      await Promise.all([processor.warmUp(), openConnections(ports)]);
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
    busy: () => active.size,
    work: (data) => counted(receiveOne(data)),
    workNext: () => counted(next()),
    lackAtStart,
    async setState(next, lacking = []) {
      state = next;
      lacks = lacking;
      await heartbeats.beat();
    },
    giveBack() {
      leaving.abort(new Error('The worker is leaving.'));
      leaving = new AbortController();
    },
    selfTest: (wantedBytes) => selfTest(processor, workDir.path, { learned: stats.learned(), wantedBytes }),
    async idle() {
      while (active.size > 0) await Promise.all(active);
    },
    close: takeDown,
  };
}

/** First calls open connections and load code: better now than in the first job's time. */
async function openConnections({ jobs, blobs, buckets }: GcpPorts): Promise<void> {
  // An outage is no reason not to start: whoever needs the service next will meet it and wait.
  await Promise.allSettled([jobs.get('warm-up'), blobs.read(buckets.results, '_warm-up')]);
}
