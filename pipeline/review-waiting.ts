import type { Job } from '@spillway/core/job.ts';
import type { Conditions } from '@spillway/core/routing/decide-route.ts';
import { type Lines, type Move, reviewLines, type Waiting } from '@spillway/core/routing/review-line.ts';
import { candidateOf, readConditions } from './conditions.ts';
import { publish } from './enqueue.ts';
import { helpEach } from './help-each.ts';
import { moveJob, waitedMs } from './move.ts';
import type { Stored } from './ports/job-store.ts';
import type { Ports } from './ports/ports.ts';
import { updateRouterState } from './router-state.ts';

/** Of each line, so many are looked at in one sweep. */
const lineLimit = 100;
/** A message is taken for lost when nobody has claimed its job for this long (ms), or for `patience` predictions. */
const unclaimedMs = 30_000;
const patience = 3;

export interface Reviewed {
  moved: number;
  republished: number;
}

interface WaitingJob extends Waiting {
  stored: Stored;
}

/** Moves what would be late where it waits, lets one job try out a paused Cloud Run, republishes what seems lost. */
export async function reviewWaiting(ports: Ports): Promise<Reviewed> {
  const [before, vm, run, running] = await Promise.all([
    readConditions(ports),
    ports.jobs.line('vm', lineLimit),
    ports.jobs.line('run', lineLimit),
    ports.jobs.running(),
  ]);
  const state = await updateRouterState(before, run, ports);
  const conditions = { ...before, state };
  const lines = await linesOf({ vm, run, running }, conditions, ports);
  const moves = reviewLines(lines, conditions);
  const moved = await makeMoves(moves, ports);
  const probes = await sendProbe(lines, conditions, ports);
  const left = new Set(moves.map(({ job }) => job.id));
  const republished = await republishLost(
    [...vm, ...run].filter(({ job }) => !left.has(job.id)),
    ports,
  );
  return { moved: moved + probes, republished };
}

/** Without those that are being decided, and without the probe: what becomes of it is the breaker's question. */
async function linesOf(
  { vm, run, running }: { vm: Stored[]; run: Stored[]; running: Lines['running'] },
  { now, state }: Conditions,
  ports: Ports,
): Promise<Lines & { vm: WaitingJob[]; run: WaitingJob[] }> {
  const waiting = async (line: Stored[]) => {
    const jobs: WaitingJob[] = [];
    await helpEach(line, ports, async (stored) => {
      const { job } = stored;
      if (job.route.reason === 'reserved' || job.id === state.breaker.probe) return false;
      const { id, route } = job;
      jobs.push({ ...candidateOf(job), id, route, waitedMs: waitedMs(stored, now), stored });
      return true;
    });
    return jobs;
  };
  return { vm: await waiting(vm), run: await waiting(run), running };
}

async function makeMoves(moves: Move<WaitingJob>[], ports: Ports): Promise<number> {
  let count = 0;
  for (const { job, choice } of moves) if (await moveJob(job.stored, choice, ports)) count++;
  return count;
}

/** While Cloud Run is on probation, the first job that would be better off there goes, alone. */
async function sendProbe(
  lines: Lines & { vm: WaitingJob[]; run: WaitingJob[] },
  { state, ...conditions }: Conditions,
  ports: Ports,
): Promise<number> {
  const { breaker } = state;
  if (breaker.state !== 'probing' || breaker.probe !== null) return 0;
  const ifOpen = { ...conditions, state: { ...state, breaker: { ...breaker, state: 'closed' as const } } };
  const [move] = reviewLines({ ...lines, run: [] }, ifOpen);
  if (!move) return 0;
  // Noted first: a probe that is noted and never sent is looked for anew, one that is sent unnoted would be moved back.
  await ports.routerStates.write({ ...state, breaker: { ...breaker, probe: move.job.id } });
  const explanation = `It tries out Cloud Run, which was paused. ${move.choice.explanation}`;
  const choice = { ...move.choice, reason: 'run_probe' as const, explanation };
  return (await moveJob(move.job.stored, choice, ports)) ? 1 : 0;
}

async function republishLost(waiting: Stored[], ports: Ports): Promise<number> {
  const now = ports.clock.now();
  return helpEach(waiting, ports, async (stored) => {
    if (!seemsLost(stored, now)) return false;
    await publish(stored, ports);
    ports.log.warn({ jobId: stored.job.id }, 'Republished a job that nobody had claimed.');
    return true;
  });
}

function seemsLost(stored: Stored, now: Date): boolean {
  const { job } = stored;
  // Each time twice as long, so that a job that waits for days is not published every half minute.
  const before = job.publishedAt ? job.publishedAt.getTime() - job.createdAt.getTime() : 0;
  const patient = Math.max(unclaimedMs, patience * predictedWaitMs(job), before);
  return waitedMs(stored, now) > patient;
}

function predictedWaitMs({ route }: Job): number {
  return route.predicted?.[route.target]?.waitMs ?? 0;
}
