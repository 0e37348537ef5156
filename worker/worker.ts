import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Control, Heartbeat } from '@spillway/core/heartbeat.ts';
import type { Target } from '@spillway/core/job.ts';
import { modelsFolderFrom } from '@spillway/models/settings.ts';
import type { Deliverer, Process } from '@spillway/pipeline/deliver.ts';
import { createGcpPorts, type GcpPorts } from '@spillway/pipeline/gcp/ports.ts';
import type { Log } from '@spillway/pipeline/ports/ports.ts';
import { receive } from '@spillway/pipeline/receive.ts';
import { createProcessor } from '@spillway/processing/processor.ts';
import type { WorkerConfig } from './config.ts';
import { startHeartbeats } from './heartbeats.ts';
import { OperationStatsBook } from './operation-stats.ts';
import { withModels } from './with-models.ts';

/** What a pull loop or a push endpoint is given to work with. */
export interface Worker {
  readonly id: string;
  readonly slots: number;
  readonly ports: GcpPorts;
  busy(): number;
  /** Does the job that a message names. Resolves to whether Pub/Sub may forget the message; never rejects. */
  work(data: string): Promise<boolean>;
  /** Says in heartbeats from now on, and at once, what state the worker is in. */
  setState(state: Heartbeat['state']): Promise<void>;
  /** Gives what is being worked on back to the queue, uncounted. */
  giveBack(): void;
  /** Resolves when nothing is being worked on. */
  idle(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Starts what both kinds of worker share: connections, warm child processes, heartbeats. Throws when the children
 * cannot start.
 */
export async function startWorker(
  kind: Target,
  config: WorkerConfig,
  log: Log,
  onControl?: (control: Control) => void,
): Promise<Worker> {
  const id = config.SPILLWAY_WORKER_ID;
  const slots = config.SPILLWAY_SLOTS;
  const ports = createGcpPorts(config, log);
  const workDir = await emptyWorkDir(config.SPILLWAY_WORK_DIR, id);
  const models = { folder: modelsFolderFrom(config) };
  const processor = createProcessor({
    children: slots,
    timeLimitMs: config.SPILLWAY_TIME_LIMIT_MS,
    memoryLimitBytes: config.SPILLWAY_MEMORY_LIMIT_MIB * 1_024 * 1_024,
    recycleAfter: config.SPILLWAY_RECYCLE_AFTER,
    models,
  });
  const run: Process = (request) => processor.process(request);
  const leaving = new AbortController();
  const stats = new OperationStatsBook();
  const active = new Set<Promise<boolean>>();
  const startedAt = ports.clock.now();
  let state: Heartbeat['state'] = 'starting';

  const heartbeats = startHeartbeats({
    everyMs: config.SPILLWAY_HEARTBEAT_MS,
    fleet: ports.fleet,
    clock: ports.clock,
    log,
    report: () => ({
      id,
      kind,
      state,
      slots,
      busy: active.size,
      perOperation: stats.snapshot(),
      models: [...processor.models],
      startedAt,
      version: config.SPILLWAY_VERSION,
    }),
    ...(onControl ? { onControl } : {}),
  });

  const deliverer: Omit<Deliverer, 'process'> = {
    ports,
    worker: id,
    target: kind,
    workDir,
    claimMs: config.SPILLWAY_CLAIM_MS,
    maxAttempts: config.SPILLWAY_MAX_ATTEMPTS,
    leaving: leaving.signal,
  };

  async function timedReceive(data: string): Promise<boolean> {
    const started = performance.now();
    // Fetching a model happens once: it would mislead the router about every later job.
    let fetchMs = 0;
    const process = withModels(run, models, config.SPILLWAY_MODELS_SOURCE, (ms) => {
      fetchMs = ms;
    });
    const { settled, delivery } = await receive(data, { ...deliverer, process });
    if (delivery) {
      const ms = Math.round(performance.now() - started - fetchMs);
      stats.record(delivery, ms);
      const jobId = 'job' in delivery ? delivery.job.id : undefined;
      log.info(
        { jobId, outcome: delivery.kind, why: 'why' in delivery ? delivery.why : undefined, ms },
        'Delivered.',
      );
    }
    return settled;
  }

  await Promise.all([processor.warmUp(), openConnections(ports)]);
  return {
    id,
    slots,
    ports,
    busy: () => active.size,
    work(data) {
      const work = timedReceive(data).finally(() => active.delete(work));
      active.add(work);
      return work;
    },
    async setState(next) {
      state = next;
      await heartbeats.beat();
    },
    giveBack: () => leaving.abort(new Error('The worker is leaving.')),
    async idle() {
      while (active.size > 0) await Promise.all(active);
    },
    async close() {
      state = 'stopped';
      await heartbeats.beat();
      await heartbeats.stop();
      await processor.close();
      await rm(workDir, { recursive: true, force: true });
      await ports.close();
    },
  };
}

/** A directory for this worker's files; what an earlier one of its name left there when it was killed goes. */
async function emptyWorkDir(parent: string, id: string): Promise<string> {
  const workDir = join(parent, id);
  await rm(workDir, { recursive: true, force: true });
  await mkdir(workDir, { recursive: true });
  return workDir;
}

/** First calls open connections and load code: better now than in the first job's time. */
async function openConnections({ jobs, blobs, buckets }: GcpPorts): Promise<void> {
  // An outage is no reason not to start: whoever needs the service next will meet it and wait.
  await Promise.allSettled([jobs.get('warm-up'), blobs.read(buckets.results, '_warm-up')]);
}
