import type { Scenario } from '../scenario.ts';
import {
  nothingAhead,
  type Placement,
  type Policy,
  settingsFor,
  type View,
  type VmReport,
} from './policy.ts';
import { unrouted } from './unrouted.ts';

/**
 * Join the shortest queue: every VM has a queue of its own, first in, first out, and a job joins the one that was
 * shortest in the VMs' last heartbeats, counting what is worked on. When even that one had twice as many jobs as it
 * has slots, or no VM is heard of, the job goes to Cloud Run.
 */
export function joinShortestQueue(name: string, heartbeatMs: number, scenario: Scenario): Policy {
  return queuePolicy(name, 'jsq: join the shortest queue', heartbeatMs, scenario, (reports) =>
    shortest(reports),
  );
}

/**
 * The power of two choices: the shorter of two VMs' queues, picked at random, so that stale heartbeats herd fewer jobs
 * onto one VM (Mitzenmacher, "How useful is old information?", 2000). It spills as `joinShortestQueue` does.
 */
export function twoChoices(name: string, heartbeatMs: number, scenario: Scenario): Policy {
  return queuePolicy(name, 'two random choices', heartbeatMs, scenario, (reports, { random }) => {
    const first = Math.floor(random.uniform() * reports.length);
    const second = (first + 1 + Math.floor(random.uniform() * (reports.length - 1))) % reports.length;
    return shortest([first, second].flatMap((index) => reports[index] ?? []));
  });
}

function queuePolicy(
  name: string,
  family: string,
  heartbeatMs: number,
  scenario: Scenario,
  pick: (reports: VmReport[], view: View) => VmReport | undefined,
): Policy {
  return {
    name,
    family,
    settings: settingsFor(scenario, { heartbeatMs }),
    heartbeatMs,
    vmQueue: 'own',
    reviews: false,
    usesVms: true,
    ...nothingAhead,
    place(view): Placement {
      const picked = pick(view.reports, view);
      const isFull = picked && lengthOf(picked) >= 2 * picked.slots && scenario.run.maxInstances > 0;
      if (!picked || isFull) {
        return { choice: unrouted(name, 'run', view.job) };
      }
      return { choice: unrouted(name, 'vm', view.job), vm: picked.vm };
    },
  };
}

function shortest(reports: VmReport[]): VmReport | undefined {
  let best = reports[0];
  for (const report of reports) if (best && lengthOf(report) < lengthOf(best)) best = report;
  return best;
}

function lengthOf({ busy, queued }: VmReport): number {
  return busy + queued;
}
