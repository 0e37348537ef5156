import type { RoutingSettings } from '@spillway/core/settings.ts';
import { createMemoryDatabase, silentLog } from '@spillway/pipeline/memory/ports.ts';
import type { Blobs } from '@spillway/pipeline/ports/blobs.ts';
import type { Ports } from '@spillway/pipeline/ports/ports.ts';
import type { Queue } from '@spillway/pipeline/ports/queue.ts';
import type { Engine } from './engine.ts';

/** The ports of production over a database in memory and virtual time. Its answers are there at once. */
export function simulatedPorts(engine: Engine, queue: Queue, blobs: Blobs, routing: RoutingSettings): Ports {
  let tokens = 0;
  return {
    ...createMemoryDatabase({ clock: engine, routing }),
    queue,
    blobs,
    clock: engine,
    timers: engine,
    newToken: () => String(++tokens),
    log: silentLog,
    buckets: { uploads: 'uploads', results: 'results' },
  };
}
