import type { Heartbeat, Worker } from '@spillway/core/heartbeat.ts';
import type { Target } from '@spillway/core/job.ts';
import type { OperationStatsBook } from '@spillway/worker/operation-stats.ts';
import type { VmReport } from '../policies/policy.ts';
import type { Engine } from './engine.ts';

/** A heartbeat's document is removed so long after the last beat, in milliseconds (worker/heartbeats.ts). */
const keptMs = 10 * 60_000;

export interface Beat {
  id: string;
  kind: Target;
  state: Heartbeat['state'];
  slots: number;
  busy: number;
  /** Share of its processors since the beat before. */
  load: number;
  startedAt: Date;
  book: OperationStatsBook;
  /** Of a VM: its number, and what its own queue holds. */
  vm?: { index: number; queued: number };
}

interface Written {
  worker: Worker;
  writtenAt: number;
  vm: Beat['vm'];
}

/** The documents `workers/`, as they were last written. */
export class Fleet {
  readonly #engine: Engine;
  readonly #written = new Map<string, Written>();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  beat({ id, kind, state, slots, busy, load, startedAt, book, vm }: Beat): void {
    const worker: Worker = {
      id,
      kind,
      state,
      slots,
      busy,
      cpu: { load, perCore: [] },
      memory: { totalBytes: 0, usedBytes: 0 },
      process: { cpu: 0, rssBytes: 0, count: 0 },
      perOperation: book.perOperation(),
      delivery: book.delivery,
      coldStartMs: book.coldStartMs,
      models: [],
      lacks: [],
      startedAt,
      version: 'simulated',
      expiresAt: new Date(this.#engine.now + keptMs),
      ageMs: 0,
    };
    this.#written.set(id, { worker, writtenAt: this.#engine.now, vm });
  }

  /** Every worker with its age now. */
  read(): Worker[] {
    const workers: Worker[] = [];
    for (const { worker, writtenAt } of this.#written.values()) {
      // Nobody keeps what was read: one object per heartbeat is enough.
      worker.ageMs = this.#engine.now - writtenAt;
      workers.push(worker);
    }
    return workers;
  }

  /** The VMs that are heard of. */
  reports(liveWithinMs: number): VmReport[] {
    const reports: VmReport[] = [];
    for (const { worker, writtenAt, vm } of this.#written.values()) {
      if (!vm || worker.state !== 'ready' || this.#engine.now - writtenAt > liveWithinMs) continue;
      reports.push({ vm: vm.index, slots: worker.slots, busy: worker.busy, queued: vm.queued });
    }
    return reports;
  }

  removeExpired(): void {
    for (const [id, { writtenAt }] of this.#written) {
      if (this.#engine.now - writtenAt > keptMs) this.#written.delete(id);
    }
  }
}
