import { decideFromHere, lookAt, shouldMove } from '@spillway/core/routing/moves.ts';
import type { Conditions } from '@spillway/core/routing/question.ts';
import { postponed, type RouteChoice, shouldLeaveToOthers } from '@spillway/core/transitions.ts';
import { candidateOf } from '@spillway/pipeline/conditions.ts';
import type { Attempt, Attempts } from './attempts.ts';
import type { Documents, Entry } from './documents.ts';
import type { Vm } from './vm.ts';

/** What a worker asks of routing when it takes a turn. */
export interface Router {
  conditions(): Conditions;
  move(entry: Entry, choice: RouteChoice): void;
  waitedMs(entry: Entry): number;
}

interface Parts {
  attempts: Attempts;
  documents: Documents;
  router: Router;
}

/** So many of the line does a worker read at most (pipeline/take-turn.ts). */
const choices = 64;

/**
 * `takeFirstInLine` of pipeline/take-turn.ts without its promises, of which a run would make millions: claims the
 * waiting job whose turn comes first, moves what would be late on this VM but not on Cloud Run, and lets what is late
 * anyway be passed.
 */
export function takeFirstInLine(vm: Vm, parts: Parts): Attempt | null {
  const { documents, router, attempts } = parts;
  // Quantiles of all that it has seen: not to be had for nothing.
  if (documents.vmLine.length === 0) return null;
  const learned = vm.book.learned();
  const { now } = router.conditions();
  const late: { entry: Entry; turnAt: Date }[] = [];
  for (const entry of documents.vmLine.slice(0, choices)) {
    if (entry.job.route.reason === 'reserved' || shouldLeaveToOthers(entry.job, vm.id, now)) continue;
    const look = lookAt(candidateOf(entry.job), learned, now);
    if (look.mayBeLate && movedIfSooner(entry, vm, parts)) continue;
    if (look.laterTurn) {
      late.push({ entry, turnAt: look.laterTurn });
      continue;
    }
    for (const each of late) documents.write(each.entry, postponed(each.entry.job, each.turnAt));
    return attempts.claim({ entry, epoch: entry.job.route.epoch }, vm.id);
  }
  const [first] = late;
  return first ? attempts.claim({ entry: first.entry, epoch: first.entry.job.route.epoch }, vm.id) : null;
}

function movedIfSooner(entry: Entry, vm: Vm, { documents, router }: Parts): boolean {
  const candidate = candidateOf(entry.job);
  const conditions = router.conditions();
  const ledger = documents.ledger(entry, candidate.turnAt);
  const choice = decideFromHere(vm.id, conditions, candidate, ledger);
  if (!shouldMove(entry.job.route, choice, router.waitedMs(entry))) return false;
  router.move(entry, choice);
  return true;
}
