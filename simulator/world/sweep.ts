import { findProbe, reviewLines, type Waiting } from '@spillway/core/routing/moves.ts';
import type { Conditions } from '@spillway/core/routing/question.ts';
import type { RouterState } from '@spillway/core/routing/state.ts';
import { messageSeemsLost } from '@spillway/core/routing/waiting.ts';
import { type RouteChoice, routed } from '@spillway/core/transitions.ts';
import { candidateOf } from '@spillway/pipeline/conditions.ts';
import type { Placement, Policy } from '../policies/policy.ts';
import type { Attempts } from './attempts.ts';
import type { Documents, Entry } from './documents.ts';
import type { Engine } from './engine.ts';
import type { Fleet } from './fleet.ts';
import { nextRouterState } from './router-state.ts';

export interface SweepParts {
  policy: Policy;
  /** Of each line, so many are looked at. */
  lineLimit: number;
  engine: Engine;
  documents: Documents;
  fleet: Fleet;
  attempts: Attempts;
  conditions(): Conditions;
  setState(state: RouterState): void;
  place(entry: Entry): Placement;
  move(entry: Entry, choice: RouteChoice): void;
  publish(entry: Entry, vm: number | undefined): void;
  waitedMs(entry: Entry): number;
}

interface WaitingEntry extends Waiting {
  entry: Entry;
}

/**
 * `sweepOnce` of pipeline/sweep.ts without its promises. Under baselines it only frees what dead workers held, which
 * any queue that brings messages again would do too.
 */
export function sweep(parts: SweepParts): void {
  freeAbandoned(parts);
  if (parts.policy.reviews) {
    review(parts);
    republishLost(parts);
  }
  parts.fleet.removeExpired();
}

function freeAbandoned({ documents, engine, place, publish }: SweepParts): void {
  for (const entry of documents.abandoned(engine.date)) {
    const { choice, vm } = place(entry);
    documents.write(entry, routed(entry.job, choice, engine.date));
    publish(entry, vm);
  }
}

/** Moves what would be late where it waits, and lets one job try out a paused Cloud Run. */
function review(parts: SweepParts): void {
  const { documents, lineLimit, move, setState } = parts;
  const before = parts.conditions();
  const runLine = documents.runLine(lineLimit);
  const state = nextRouterState(before, runLine, parts);
  setState(state);
  const conditions = { ...before, state };
  const waiting = (line: readonly Entry[]) =>
    line
      .filter(({ job }) => job.route.reason !== 'reserved' && job.id !== state.breaker.probe)
      .map((entry) => waitingOf(entry, parts));
  const lines = {
    vm: waiting(documents.vmLine.slice(0, lineLimit)),
    run: waiting(runLine),
    running: documents.running(),
  };
  for (const { job, choice } of reviewLines(lines, conditions)) move(job.entry, choice);
  sendProbe(lines, conditions, parts);
}

function waitingOf(entry: Entry, { waitedMs }: SweepParts): WaitingEntry {
  const { id, route } = entry.job;
  return { ...candidateOf(entry.job), id, route, waitedMs: waitedMs(entry), entry };
}

function sendProbe(
  lines: Parameters<typeof reviewLines<WaitingEntry>>[0],
  conditions: Conditions,
  { move, setState }: SweepParts,
): void {
  const probe = findProbe(lines, conditions);
  if (!probe) return;
  const { state } = conditions;
  setState({ ...state, breaker: { ...state.breaker, probe: probe.job.id } });
  move(probe.job.entry, probe.choice);
}

function republishLost({ documents, engine, lineLimit, publish }: SweepParts): void {
  for (const entry of [...documents.vmLine.slice(0, lineLimit), ...documents.runLine(lineLimit)]) {
    const { job } = entry;
    if (job.route.reason !== 'reserved' && messageSeemsLost(job, engine.date)) publish(entry, undefined);
  }
}
