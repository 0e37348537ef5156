import { noInstruments } from '@spillway/pipeline/memory/instruments.ts';
import { silentLog } from '@spillway/pipeline/memory/ports.ts';
import type { Ports } from '@spillway/pipeline/ports/ports.ts';
import { noRecorder } from '@spillway/pipeline/rollups/recorder.ts';
import type { Engine } from './virtual-time.ts';

/**
 * What simulated programs have beside database, queue and storage. Programs of one world share it, so that no two tokens
 * are alike.
 */
export function besideTheDatabase(engine: Engine) {
  let tokens = 0;
  return {
    metrics: null,
    instruments: noInstruments,
    recorder: noRecorder,
    runService: null,
    runReach: { kind: 'jobs' },
    tracing: null,
    clock: engine,
    timers: engine,
    newToken: () => String(++tokens),
    log: silentLog,
    buckets: { uploads: 'uploads', webUploads: 'web-uploads', results: 'results' },
  } as const satisfies Partial<Ports>;
}
