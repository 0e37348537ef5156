import type { ChooseRoute } from '@spillway/pipeline/enqueue.ts';
import type { Ports } from '@spillway/pipeline/ports/ports.ts';
import type { SimulatedJob } from '../jobs.ts';
import type { Policy } from '../policies/policy.ts';
import type { Scenario } from '../scenario.ts';
import type { Engine } from '../virtual-time.ts';
import type { Distance } from './distance.ts';
import type { IdleTime } from './idle-time.ts';
import type { Storage } from './storage.ts';

/** What the parts of a simulated world share. */
export interface World {
  scenario: Scenario;
  policy: Policy;
  seed: number;
  engine: Engine;
  /** All ports without any distance, for what is nobody's program. */
  ports: Ports;
  distance: Distance;
  storage: Storage;
  idleTime: IdleTime;
  choose: ChooseRoute;
  /** Whether a job has been created that has not ended. */
  hasOpenJobs(): boolean;
  /** Which VM's queue a job was put into, where every VM has its own. */
  vmOf(id: string): number | undefined;
  /** Tells of the next attempt at a job after which share of the work it crashes; null where it goes well. */
  crash(drawn: SimulatedJob): number | null;
  /** Work that was done to its end, whether it counted or not. */
  done: number;
}
