import type { Worker } from '../heartbeat.ts';
import type { Prediction, Target } from '../job.ts';
import { type OperationName, operations } from '../operations.ts';
import type { RoutingSettings } from '../settings.ts';
import type { RouteChoice } from '../transitions.ts';
import { decideByDeadline } from './deadline.ts';
import { predictBothSides } from './predict.ts';
import { decideByThreshold } from './threshold.ts';

/** What stands on one side before the job: exact, since every job reserves its place before it counts. */
export interface SideLedger {
  jobs: number;
  /** Sum of `route.workMs`, in milliseconds of one slot. */
  workMs: number;
}

export interface RoutingQuestion {
  operation: OperationName;
  deadlineAt: Date;
  now: Date;
  /** Heartbeats of VMs and Cloud Run instances, each with its age. */
  workers: Worker[];
  ahead: Record<Target, SideLedger>;
  settings: RoutingSettings;
}

/** A policy's answer: the side and why. */
export interface RouteDecision {
  target: Target;
  reason: RouteChoice['reason'];
  explanation: string;
}

/** Chooses where a job waits. Pure: the same question always gets the same answer. */
export function decideRoute(question: RoutingQuestion): RouteChoice {
  const predicted = predictBothSides(question);
  const decision = decideByPolicy(question, predicted);
  // Work that waits for a side that is not there yet weighs as much as any.
  const workMs = predicted[decision.target]?.serviceMs ?? operations[question.operation].priorServiceMs;
  return { ...decision, policy: question.settings.policy, predicted, workMs };
}

function decideByPolicy(question: RoutingQuestion, predicted: Prediction): RouteDecision {
  const { policy } = question.settings;
  switch (policy) {
    case 'deadline':
      return decideByDeadline(predicted);
    case 'threshold':
      return decideByThreshold(question);
    default:
      return policy satisfies never;
  }
}
