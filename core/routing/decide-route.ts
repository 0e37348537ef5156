import type { Worker } from '../heartbeat.ts';
import type { Ledger, Prediction, Target } from '../job.ts';
import type { OperationName } from '../operations.ts';
import type { RoutingSettings } from '../settings.ts';
import type { RouteChoice } from '../transitions.ts';
import { decideByDeadline } from './deadline.ts';
import { predictBothSides } from './predict.ts';
import { priorServiceMs } from './service-times.ts';
import type { RouterState } from './state.ts';
import { decideByThreshold } from './threshold.ts';

/** The world as a router sees it, whatever the job. */
export interface Conditions {
  now: Date;
  /** Heartbeats of VMs and Cloud Run instances, each with its age. */
  workers: Worker[];
  state: RouterState;
  settings: RoutingSettings;
}

/** One job, as far as routing is concerned. */
export interface Candidate {
  operation: OperationName;
  pixels: number;
  deadlineAt: Date;
  /** Its place among those that wait for VMs. */
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

/** Chooses where a job waits. Pure: the same question always gets the same answer. */
export function decideRoute(question: RoutingQuestion): RouteChoice {
  const { settings, operation, pixels, turnAt, ledger } = question;
  const predicted = predictBothSides(question);
  const decision = decideByPolicy(question, predicted);
  const side = predicted[decision.target];
  return {
    ...decision,
    policy: settings.policy,
    predicted,
    ledger,
    turnAt,
    // Work that waits for a side that is not there yet weighs as much as any.
    workMs: Math.round(side?.serviceMs ?? priorServiceMs(operation, pixels)),
    dollars: side?.dollars ?? 0,
  };
}

function decideByPolicy(question: RoutingQuestion, predicted: Prediction): RouteDecision {
  const { policy } = question.settings;
  switch (policy) {
    case 'deadline':
      return decideByDeadline(predicted);
    case 'threshold':
      return decideByThreshold(question, predicted);
    default:
      return policy satisfies never;
  }
}
