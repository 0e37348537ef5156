import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { context } from '@opentelemetry/api';
import { onTestFinished } from 'vitest';
import { baseConfigSchema, parseConfig } from '../config.ts';
import { silentLog } from '../memory/ports.ts';
import { startTracing } from '../telemetry/tracing.ts';
import { readSpans } from './read-spans.ts';
import { workbench } from './workbench.ts';

/** The use cases in memory, traced into files. `spans` ends the tracing. */
export async function tracedBench(variables: Record<string, string> = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'spillway-traces-'));
  const config = parseConfig(baseConfigSchema, {
    SPILLWAY_PROJECT: 'demo',
    SPILLWAY_UPLOADS_BUCKET: 'uploads',
    SPILLWAY_WEB_UPLOADS_BUCKET: 'web-uploads',
    SPILLWAY_RESULTS_BUCKET: 'results',
    SPILLWAY_TRACES: 'file',
    SPILLWAY_TRACES_DIR: folder,
    ...variables,
  });
  const tracing = startTracing({ name: 'test' }, config, silentLog);
  const bench = await workbench({ tracing });
  onTestFinished(async () => {
    await tracing.stop();
    context.disable();
    await rm(folder, { recursive: true, force: true });
  });
  const spans = async () => {
    await tracing.stop();
    return readSpans(folder);
  };
  return { bench, spans };
}
