import type { Control, Heartbeat, Worker } from '@spillway/core/heartbeat.ts';
import type { Watch } from './jobs.ts';

export interface FleetReading {
  workers: Worker[];
  /** Heartbeats that were ignored because they are malformed, incomplete or from the future. */
  ignored: number;
}

/** `workers/` and `controls/`. All methods throw `OutageError` when the database does not answer. */
export interface Fleet {
  read(): Promise<FleetReading>;
  beat(heartbeat: Heartbeat): Promise<void>;
  /** Forgets heartbeats whose `expiresAt` has passed. */
  removeExpired(now: Date): Promise<void>;
  control(worker: string): Promise<Control>;
  /** Changes what is named and leaves the rest, so that an admin and a breaker do not undo each other. */
  changeControl(worker: string, change: Partial<Control>): Promise<void>;
  /** Calls `onChange` with the heartbeats that changed; their ages are not meaningful. */
  watch(onChange: (workers: Heartbeat[]) => void, onError: (error: Error) => void): Watch;
}
