import { modelsFolderFrom } from '@spillway/models/settings.ts';
import type { Operate } from '@spillway/pipeline/executor.ts';
import type { InstanceReport } from '@spillway/pipeline/pictures/wire.ts';
import type { Log } from '@spillway/pipeline/ports/ports.ts';
import { systemClock } from '@spillway/pipeline/system-clock.ts';
import { loadPlugins } from '@spillway/plugins/load.ts';
import { awakeMs } from '@spillway/processing/awake-time.ts';
import type { ProcessingConfig } from './config.ts';
import { createMachineMeter, type MachineMetrics, unknownMetrics } from './machine-metrics.ts';
import { createOwnOffers } from './own-offers.ts';
import { createOwnProcessor } from './own-processor.ts';
import { type SelfTestProblem, selfTest } from './self-test.ts';
import { workDirOf } from './work-dir.ts';

/** Works on pictures that are sent to it, without anything of the cloud. Who calls it keeps to its slots. */
export interface PictureWorker {
  readonly slots: number;
  /** A folder of its own, for the files of requests. */
  readonly folder: string;
  readonly operate: Operate;
  /** How it is, but for its requests. The machine's figures may be some seconds old. */
  report(): Omit<InstanceReport, 'busy' | 'inFlight' | 'inHandMs'>;
  /** As that of a worker with jobs. */
  selfTest(wantedBytes: number): Promise<SelfTestProblem | null>;
  close(): Promise<void>;
}

/** Reading a process tree takes time, and an instance may answer many requests in a second. Milliseconds. */
const metricsServeMs = 2_000;

/**
 * Starts the children and waits until they are warm. Throws `MachineError` where the machine lacks something; what was
 * started is ended then.
 * @param id As `identifyWorker` finds it.
 */
export async function startPictureWorker(
  id: string,
  config: ProcessingConfig & { SPILLWAY_OPERATIONS: string; SPILLWAY_VERSION: string },
  log: Log,
): Promise<PictureWorker> {
  const startedMs = performance.now();
  await loadPlugins(config.SPILLWAY_OPERATIONS);
  const workDir = workDirOf(config.SPILLWAY_WORK_DIR, id);
  // https://cloud.google.com/run/docs/container-contract#filesystem
  const place = { temporary: workDir.path, filesAreMemory: true };
  const { processor, operate } = createOwnProcessor(config, place, log);
  const models = { folder: modelsFolderFrom(config), source: config.SPILLWAY_MODELS_SOURCE };
  const offers = createOwnOffers(models, systemClock, log);
  const readMachine = createMachineMeter(process.pid, workDir.path);
  let machine: MachineMetrics | null = null;
  let readAt = Number.NEGATIVE_INFINITY;

  /** Runs beside the work: no answer waits for it. */
  function lookAtMachine(): Promise<void> | undefined {
    if (awakeMs() - readAt < metricsServeMs) return undefined;
    readAt = awakeMs();
    return readMachine().then(
      (figures) => {
        machine = figures;
      },
      // A machine that is short of something answers with the last figures.
      () => {},
    );
  }

  async function close(): Promise<void> {
    await processor.close();
    await workDir.remove();
  }

  try {
    await workDir.prepare();
    await processor.warmUp();
    // The first look at the folder of models, and at the machine.
    offers();
    await lookAtMachine();
  } catch (error) {
    await close();
    throw error;
  }
  return {
    slots: config.SPILLWAY_SLOTS,
    folder: workDir.path,
    operate(request) {
      void lookAtMachine();
      return operate(request);
    },
    report() {
      return {
        id,
        slots: config.SPILLWAY_SLOTS,
        models: [...processor.models],
        offers: offers(),
        version: config.SPILLWAY_VERSION,
        ...(machine ?? unknownMetrics),
        upMs: performance.now() - startedMs,
      };
    },
    selfTest: (wantedBytes) => selfTest(processor, workDir.path, { wantedBytes }),
    close,
  };
}
