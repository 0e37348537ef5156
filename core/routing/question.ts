import type { Ledger, Target } from '../job.ts';
import type { OperationName } from '../operations.ts';
import type { RunReach } from '../run-reach.ts';
import type { RoutingSettings } from '../settings.ts';
import type { RouteChoice } from '../transitions.ts';
import type { FleetMember } from './fleet-summary.ts';
import type { RouterState } from './state.ts';

/** What a router knows of the world, the same for every job. */
export interface Conditions {
  now: Date;
  /** VMs and instances of Cloud Run, each with the age of its last heartbeat. */
  workers: readonly FleetMember[];
  state: RouterState;
  settings: RoutingSettings;
  reach: RunReach;
}

/** The facts of one job that routing needs. */
export interface Candidate {
  operation: OperationName;
  pixels: number;
  /** Size of the picture's file as it is stored. */
  bytes: number;
  deadlineAt: Date;
  /** The model that it names, where not every machine has it; null where every machine can do the job. */
  model: string | null;
  /** Its place among the jobs that wait for VMs. */
  turnAt: Date;
}

export interface RoutingQuestion extends Conditions, Candidate {
  ledger: Ledger;
}

/** A policy's answer: the side and why. */
export interface RouteDecision {
  target: Target;
  reason: RouteChoice['reason'];
  explanation: string;
}
