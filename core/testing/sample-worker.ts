import type { Worker } from '../heartbeat.ts';
import { later, noon } from './sample-job.ts';

/** A ready VM with one slot whose heartbeat is a second old. `changes` name only what matters. */
export function sampleWorker(changes: Partial<Worker> = {}): Worker {
  return {
    id: 'vm-1',
    kind: 'vm',
    state: 'ready',
    slots: 1,
    busy: 0,
    inFlight: 0,
    cpu: { load: 0.1, perCore: [0.1] },
    memory: { totalBytes: 8e9, usedBytes: 2e9 },
    process: { cpu: 0.1, rssBytes: 2e8, count: 3 },
    perOperation: {},
    delivery: null,
    io: null,
    coldStartMs: null,
    models: [],
    offers: null,
    lacks: [],
    pricePerHour: null,
    startedAt: noon,
    version: '0.1.0',
    expiresAt: later(600_000),
    ageMs: 1_000,
    ...changes,
  };
}
