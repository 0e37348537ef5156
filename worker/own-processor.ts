import { modelsFolderFrom } from '@spillway/models/settings.ts';
import type { Operate } from '@spillway/pipeline/executor.ts';
import type { Log } from '@spillway/pipeline/ports/ports.ts';
import { createProcessor, type Processor } from '@spillway/processing/processor.ts';
import { launchOf, type SandboxRule } from '@spillway/processing/sandbox.ts';
import type { ProcessingConfig } from './config.ts';
import { sleeping } from './sleeping.ts';

/** The children of this machine, and what makes results with them. */
export interface OwnProcessor {
  processor: Processor;
  operate: Operate;
}

/**
 * One child for each slot, as a program's environment says. They start with the first job, or with `warmUp`.
 * @param temporary Folder for the children's temporary files.
 */
export function createOwnProcessor(
  config: ProcessingConfig,
  { temporary, filesAreMemory }: { temporary: string; filesAreMemory: boolean },
  log: Log,
): OwnProcessor {
  warnOfPlainChildren(config.SPILLWAY_SANDBOX, log);
  const processor = createProcessor({
    children: config.SPILLWAY_SLOTS,
    timeLimitMs: config.SPILLWAY_TIME_LIMIT_MS,
    memoryLimitBytes: config.SPILLWAY_MEMORY_LIMIT_MIB * 1_024 * 1_024,
    filesAreMemory,
    recycleAfter: config.SPILLWAY_RECYCLE_AFTER,
    models: { folder: modelsFolderFrom(config) },
    temporary,
    sandbox: config.SPILLWAY_SANDBOX,
  });
  const { SPILLWAY_SLEEP_MS: sleepMs } = config;
  const operate: Operate =
    sleepMs === undefined ? (request) => processor.process(request) : sleeping(sleepMs);
  return { processor, operate };
}

function warnOfPlainChildren(rule: SandboxRule, log: Log): void {
  const launch = launchOf(rule);
  if (launch.kind !== 'plain' || launch.why === null) return;
  log.warn({}, `What decodes pictures is not kept from the network. ${launch.why}`);
}
