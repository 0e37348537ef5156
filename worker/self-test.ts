import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MachineError, type MachineLack, messageOf, PermanentError } from '@spillway/core/errors.ts';
import { machineErrorOf } from '@spillway/core/machine-lack.ts';
import { builtInNames, type OperationName, parseOptions } from '@spillway/core/operations.ts';
import {
  estimateService,
  type LearnedServices,
  priorServiceMs,
} from '@spillway/core/routing/service-times.ts';
import { encodePng } from '@spillway/processing/png.ts';
import type { Processor, ProcessRequest } from '@spillway/processing/processor.ts';
import { checkMachine } from './machine-check.ts';
import { testPicture, testSlowness } from './test-picture.ts';

const { side, pixels } = testPicture;
/**
 * A slow operation is repeated up to this number: other work may have slowed it, but a faulty machine is slow every
 * time.
 */
const mostRuns = 3;

/** Why a self-test failed. */
export interface SelfTestProblem {
  /** What the machine lacks; null for every other reason. */
  lack: MachineLack | null;
  /** In one English sentence. */
  why: string;
}

type Tested = Pick<Processor, 'process' | 'tryStart'>;

/**
 * Tries the machine, and does every built-in operation once with a small drawn picture. Resolves to what went wrong, or null. A
 * model that is not available is not this machine's fault.
 * @param learned This worker's usual service times: a slow machine may be in order.
 * @param wantedBytes Room that a job wanted of the disk and did not get.
 */
export async function selfTest(
  processor: Tested,
  workDir: string,
  { learned = {}, wantedBytes = 0 }: { learned?: LearnedServices; wantedBytes?: number } = {},
): Promise<SelfTestProblem | null> {
  try {
    await checkMachine(workDir, wantedBytes, processor);
    return await inFolder(workDir, async (folder, inputPath) => {
      // A plug-in's failure says nothing of the machine.
      for (const operation of builtInNames) {
        const problem = await testOne(operation, { processor, folder, inputPath, learned });
        if (problem) return problem;
      }
      return null;
    });
  } catch (error) {
    return problemOf(error);
  }
}

/** Does one operation with the same picture, however long it takes. Resolves to what went wrong, or null. */
export async function testOperation(
  operation: OperationName,
  processor: { process(request: ProcessRequest): Promise<{ processMs: number }> },
  workDir: string,
): Promise<SelfTestProblem | null> {
  try {
    return await inFolder(workDir, async (folder, inputPath) => {
      await runOnce(operation, { processor, folder, inputPath });
      return null;
    });
  } catch (error) {
    return error instanceof PermanentError ? null : problemOf(error);
  }
}

interface Bench {
  processor: { process(request: ProcessRequest): Promise<{ processMs: number }> };
  folder: string;
  inputPath: string;
}

async function testOne(
  operation: OperationName,
  { learned, ...bench }: Bench & { learned: LearnedServices },
): Promise<SelfTestProblem | null> {
  const usual = estimateService(operation, pixels, [learned]).mean;
  const expected = Math.max(usual, priorServiceMs(operation, pixels));
  let least = Number.POSITIVE_INFINITY;
  try {
    for (let run = 0; run < mostRuns && least > testSlowness * expected; run++) {
      least = Math.min(least, await runOnce(operation, bench));
    }
  } catch (error) {
    if (error instanceof PermanentError) return null;
    const { lack, why } = problemOf(error);
    return { lack, why: `${operation}: ${why}` };
  }
  if (least <= testSlowness * expected) return null;
  const ratio = (least / expected).toFixed(1);
  return { lack: null, why: `${operation} took ${ratio} times as long as it should.` };
}

/** Milliseconds in the child. The wait for a free child says nothing about the machine. */
async function runOnce(operation: OperationName, { processor, folder, inputPath }: Bench): Promise<number> {
  const parsed = parseOptions(operation, {});
  if (!parsed.ok) throw new Error(parsed.message);
  const outputPath = join(folder, operation);
  const { processMs } = await processor.process({
    operation,
    options: parsed.options,
    inputPath,
    outputPath,
  });
  return processMs;
}

async function inFolder<Result>(
  workDir: string,
  task: (folder: string, inputPath: string) => Promise<Result>,
): Promise<Result> {
  await mkdir(workDir, { recursive: true });
  const folder = await mkdtemp(join(workDir, 'self-test-'));
  try {
    const inputPath = join(folder, 'source');
    await writeFile(inputPath, await drawPicture());
    return await task(folder, inputPath);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function problemOf(error: unknown): SelfTestProblem {
  const fault = error instanceof MachineError ? error : machineErrorOf(error);
  const why = fault?.message ?? messageOf(error);
  return { lack: fault?.lack ?? null, why };
}

/** A bright disc on a slope of grey: something to find for every operation. */
function drawPicture(): Promise<Uint8Array> {
  return encodePng({
    width: side,
    height: side,
    channels: 1,
    writeRow(y, target, start) {
      for (let x = 0; x < side; x++) {
        const inside = (x - side / 2) ** 2 + (y - side / 2) ** 2 < (side / 4) ** 2;
        target[start + x] = inside ? 240 : 40 + Math.floor((80 * (x + y)) / (2 * side));
      }
    },
  });
}
