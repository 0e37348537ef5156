import type { Control, Heartbeat, Worker } from '@spillway/core/heartbeat.ts';
import type { Awaitable } from '@spillway/core/steps.ts';
import type { Watch } from './jobs.ts';

export interface FleetReading {
  workers: Worker[];
  /** By the database's clock. */
  readAt: Date;
  /** Heartbeats that were ignored because they are malformed, incomplete or from the future. */
  ignored: number;
}

/** `workers/` and `controls/`. All methods throw `OutageError` when the database does not answer. */
export interface Fleet {
  read(): Awaitable<FleetReading>;
  beat(heartbeat: Heartbeat): Awaitable<void>;
  /** Forgets heartbeats whose `expiresAt` has passed by the database's clock. */
  removeExpired(): Awaitable<void>;
  control(worker: string): Awaitable<Control>;
  /** Of all workers of which something is wanted, by their ids. It reads no other controls. */
  controls(): Awaitable<Map<string, Control>>;
  /** Changes what is named and leaves the rest, so that an admin and a breaker do not undo each other. */
  changeControl(worker: string, change: Partial<Control>): Awaitable<void>;
  /** Calls `onChange` with the heartbeats that changed; their ages are not meaningful. */
  watch(onChange: (workers: Heartbeat[]) => void, onError: (error: Error) => void): Watch;
}
