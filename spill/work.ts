import { MachineError, OutageError, RefusedError } from '@spillway/core/errors.ts';
import type { OperationName } from '@spillway/core/operations.ts';
import { attemptFoldersIn } from '@spillway/pipeline/attempt-folders.ts';
import type { Operate } from '@spillway/pipeline/executor.ts';
import { LineMemory } from '@spillway/pipeline/line-memory.ts';
import type { Ports } from '@spillway/pipeline/ports/ports.ts';
import { activeTraceparent } from '@spillway/pipeline/telemetry/traced.ts';
import { testOperation } from '@spillway/worker/self-test.ts';
import { createWorkload, type Execution, type Workload } from '@spillway/worker/workload.ts';
import type { Gate } from './gate.ts';
import type { Instances } from './instances.ts';
import type { Remote, Sighting } from './remote.ts';

/** Room for the files of all jobs in its hands. Bytes. */
const mostBytes = 2 ** 30;

export interface WorkOptions {
  /** Who has the claims. */
  worker: string;
  /** Pictures that are sent at the same time. */
  places: number;
  /** A folder for the files of jobs in progress. */
  folder: string;
  claimMs: number;
  maxAttempts: number;
  ports: Ports;
  remote: Pick<Remote, 'process'>;
  gate: Pick<Gate, 'answered' | 'failed'>;
  instances: Pick<Instances, 'seen' | 'learn'>;
}

/** The work of Cloud Run's jobs: everything but the pictures is done here. */
export function createWork({
  worker,
  places,
  folder,
  claimMs,
  maxAttempts,
  ports,
  ...there
}: WorkOptions): Workload {
  const { remote, gate, instances } = there;

  /** Sends a picture, and notes what that says of Cloud Run. */
  function sending(onSighting: (sighting: Sighting) => void): Operate {
    return async (request) => {
      try {
        const output = await remote.process({ ...picked(request), trace: activeTraceparent(), onSighting });
        gate.answered();
        return output;
      } catch (error) {
        if (isAway(error)) gate.failed(error);
        else if (!request.signal.aborted) gate.answered();
        throw error;
      }
    };
  }

  function beginExecution(): Execution {
    let latest: Sighting | null = null;
    return {
      operate: sending((sighting) => {
        latest = sighting;
        instances.seen(sighting);
      }),
      onOutcome(outcome, ms) {
        if (latest) instances.learn(outcome, ms, latest);
      },
    };
  }

  async function tryOut(operation: OperationName): Promise<string | null> {
    const operate = sending(instances.seen);
    const { signal } = new AbortController();
    const process = (request: Omit<Parameters<Operate>[0], 'signal' | 'onProgress'>) =>
      operate({ ...request, signal, onProgress() {} });
    return (await testOperation(operation, { process }, folder))?.why ?? null;
  }

  return createWorkload(
    {
      ports,
      worker,
      target: 'run',
      pulls: true,
      folders: attemptFoldersIn(folder),
      claimMs,
      maxAttempts,
      learned: () => ({}),
      line: new LineMemory(),
      testOperation: tryOut,
    },
    { slots: places, mostBytes },
    beginExecution,
  );
}

function picked({ operation, options, inputPath, outputPath, signal }: Parameters<Operate>[0]) {
  return { operation, options, inputPath, outputPath, signal };
}

/** Whether Cloud Run, and not the picture, is why there is no result. */
function isAway(error: unknown): boolean {
  return error instanceof OutageError || error instanceof RefusedError || error instanceof MachineError;
}
