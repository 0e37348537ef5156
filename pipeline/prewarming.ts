import { type Background, singleFlight } from '@spillway/core/background.ts';
import { messageOf } from '@spillway/core/errors.ts';
import { arrivalsForecaster } from '@spillway/core/forecast/arrivals-forecaster.ts';
import { type ArrivalForecast, type MinuteOfArrivals, minuteOf } from '@spillway/core/forecast/forecaster.ts';
import {
  decidePrewarming,
  type ForecastDocument,
  mostChanges,
  type PrewarmingDecision,
  prewarmingWords,
} from '@spillway/core/forecast/prewarming.ts';
import { forecastHorizon, forecastSlots } from '@spillway/core/forecast/wanted.ts';
import { operationNames } from '@spillway/core/operations.ts';
import { liveVms } from '@spillway/core/routing/liveness.ts';
import { type RouterState, slotsOf } from '@spillway/core/routing/state.ts';
import type { RoutingSettings } from '@spillway/core/settings.ts';
import type { Awaitable } from '@spillway/core/steps.ts';
import type { Ports } from './ports/ports.ts';

/** Milliseconds. */
const timing = {
  minute: 60_000,
  /** A job's `createdAt` is when the database began to write it: a minute is whole this long after its end. */
  settle: 5_000,
  /** All programs look at the same second. The one that has the lease is done long before the next minute. */
  lease: 30_000,
} as const;
/** After a pause, no more minutes than these are counted. */
const mostMinutes = 15;
/** The clocks of two programs differ by less. */
const mostMinutesAhead = 2;
/** The sweep writes the same document. After this number of tries, the next minute tries again. */
const mostTries = 3;
/** Of a forecast that is older, nothing is believed. Milliseconds. */
const freshMs = 180_000;

/** Forecasts what is to arrive, and keeps instances of Cloud Run started for it. */
export interface Prewarming extends Background {
  /**
   * To be called after each sweep, whether it had the lease or not, and not to be waited for: the program that has it may
   * have no rights at Cloud Run. It does something once a minute, and never rejects.
   */
  look(): Awaitable<void>;
}

type PrewarmingPorts = Pick<
  Ports,
  'forecasts' | 'sums' | 'settings' | 'recent' | 'routerStates' | 'runService' | 'leases' | 'clock' | 'log'
>;

/**
 * One look at a time is under way, so a slow or absent service holds up no sweep. Looks have a lease of their own, and what
 * is decided is written under a revision before it is done: of several programs, one changes the minimum. A failure is
 * warned of once, until its reason changes. While the settings have everything switched off, nothing is read.
 * @param holder Names this process.
 */
export function createPrewarming(holder: string, ports: PrewarmingPorts): Prewarming {
  const { forecasts, settings, leases, clock, log } = ports;
  let nextAt = 0;
  let stopped = false;
  /** It is switched off, and no minimum of ours is set. */
  let isAtRest = false;
  let warnedOf: string | null = null;

  const flight = singleFlight(async () => {
    const now = clock.now();
    if (stopped || now.getTime() < nextAt) return;
    nextAt = nextLook(now);
    try {
      const routing = await settings.routing();
      const isOn = routing.forecast.prewarming || routing.forecast.vmPool;
      if (!isOn && isAtRest) return;
      const before = await forecasts.read();
      isAtRest = !isOn && before.set === null;
      if (isAtRest || leavesIt(before, routing, now)) return;
      if (!(await leases.acquire('forecast', holder, timing.lease))) return;
      const problem = await lookAhead(before, isOn, routing, now, ports);
      if (problem === null) allIsWell();
      else warn(problem);
    } catch (error) {
      warn(messageOf(error));
    }
  });

  /** A program that is not told the service, as on a machine of one's own, leaves it to those that are, if there are any. */
  function leavesIt(before: ForecastDocument, { forecast }: RoutingSettings, now: Date): boolean {
    const concernsRun = forecast.prewarming || before.set !== null;
    return ports.runService === null && concernsRun && isFreshForecast(before, now);
  }

  function warn(why: string): void {
    if (stopped || why === warnedOf) return;
    warnedOf = why;
    log.warn({}, `Cloud Run is not prewarmed as it should be. ${why}`);
  }

  function allIsWell(): void {
    if (warnedOf !== null) log.info({}, 'Cloud Run is prewarmed again as it should be.');
    warnedOf = null;
  }

  return {
    look: flight.run,
    /** Does not wait for a look: a worker that leaves has no time for it, and another one takes the next. */
    stop() {
      stopped = true;
    },
  };
}

/** What Cloud Run lacks of what is wanted; null where it has all, or where another program looks. */
async function lookAhead(
  before: ForecastDocument,
  isOn: boolean,
  settings: RoutingSettings,
  now: Date,
  ports: PrewarmingPorts,
): Promise<string | null> {
  const minute = minuteOf(new Date(now.getTime() - timing.settle)) - 1;
  const seen = isOn ? await observe(before, minute, ports.sums) : nothingSeen(before);
  const [workers, routers] = await Promise.all([ports.recent.workers(), ports.routerStates.read()]);
  const { breaker } = routers;
  const vmSlots = slotsOf(liveVms(workers, settings));
  const { forecast } = seen;
  const decision = decidePrewarming({ now, minute, settings, forecast, vmSlots, breaker, before });
  const next: ForecastDocument = {
    ...before,
    ...seen.kept,
    at: isOn ? new Date((minute + 1) * timing.minute) : before.at,
    wanted: decision.kind === 'keep' ? decision.lately : [],
    reason: decision.reason,
  };
  const written = await ports.forecasts.replace(before, next);
  if (written === null || decision.kind === 'leave') return null;
  const problem = await carryOut(written, decision, settings, ports);
  if (problem === null) await tellRouters(decision.count, routers, ports);
  return problem;
}

interface Seen {
  forecast: ArrivalForecast | null;
  kept: Pick<ForecastDocument, 'forecaster' | 'expected' | 'arrivingSlots'>;
}

/** Counts the minutes that have passed since the last look, and forecasts the next ones. */
async function observe(before: ForecastDocument, minute: number, sums: Ports['sums']): Promise<Seen> {
  let state = learnedIn(before.forecaster, minute);
  const first = Math.max((state.minute ?? 0) + 1, minute - mostMinutes + 1);
  for (let counted = first; counted <= minute; counted++) {
    state = arrivalsForecaster.observe(state, await countMinute(counted, sums));
  }
  const forecast = arrivalsForecaster.predict(state, Math.max(minute, state.minute ?? minute));
  const expected = [...(forecast ?? [])].map(([name, { minutes }]) => [
    name,
    minutes.map((each) => each.expected),
  ]);
  return {
    forecast,
    kept: {
      forecaster: JSON.stringify(state),
      expected: forecast && Object.fromEntries(expected),
      arrivingSlots: forecast && forecastSlots(forecast, forecastHorizon.vms).expected,
    },
  };
}

function nothingSeen({ forecaster }: ForecastDocument): Seen {
  return { forecast: null, kept: { forecaster, expected: null, arrivingSlots: null } };
}

/** What was learned; nothing where an earlier version's model learned something else, or where a clock was wrong. */
function learnedIn(text: string, minute: number): typeof arrivalsForecaster.initial {
  const state = arrivalsForecaster.stateSchema.safeParse(jsonIn(text));
  const isUsable = state.success && (state.data.minute ?? 0) <= minute + mostMinutesAhead;
  return isUsable ? state.data : arrivalsForecaster.initial;
}

/** Undefined where the text is no JSON, as the empty one of the beginning is not. */
function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** One aggregation for each operation. */
async function countMinute(minute: number, sums: Ports['sums']): Promise<MinuteOfArrivals> {
  const [from, to] = [minute, minute + 1].map((each) => new Date(each * timing.minute)) as [Date, Date];
  const counted = operationNames.map(async (operation) => {
    const { jobs, workMs } = await sums.arrivedOf(operation, from, to);
    return [operation, { count: jobs, workMs }] as const;
  });
  return { minute, byOperation: Object.fromEntries(await Promise.all(counted)) };
}

/** Has Cloud Run keep what was decided, and writes down what came of it. */
async function carryOut(
  written: ForecastDocument,
  decision: Exclude<PrewarmingDecision, { kind: 'leave' }>,
  settings: RoutingSettings,
  ports: PrewarmingPorts,
): Promise<string | null> {
  const { count } = decision;
  const outcome = await keep(count, ports);
  const result = { ...written, problem: outcome.kind === 'failed' ? outcome.why : null };
  if (outcome.kind !== 'failed') result.set = decision.kind === 'keep' ? count : null;
  if (outcome.kind === 'changed') {
    const at = ports.clock.now();
    const why = prewarmingWords({ wanted: count, ...decision }, settings);
    result.changes = [{ at, from: outcome.from, to: count, why }, ...written.changes].slice(0, mostChanges);
    result.changedAt = at;
    ports.log.info(
      { from: outcome.from, to: count, reason: decision.reason },
      `Cloud Run keeps ${count} instances started, ${outcome.from} before. ${why}`,
    );
  }
  const news = (['set', 'problem', 'changedAt'] as const).some((field) => result[field] !== written[field]);
  if (news) await ports.forecasts.replace(written, result);
  return result.problem;
}

type Outcome = { kind: 'unchanged' } | { kind: 'changed'; from: number } | { kind: 'failed'; why: string };

async function keep(count: number, { runService }: PrewarmingPorts): Promise<Outcome> {
  if (runService === null) {
    const why =
      'The programs that sweep are not told which service of Cloud Run to prewarm: SPILLWAY_RUN_SERVICE names it.';
    return { kind: 'failed', why };
  }
  try {
    const change = await runService.setMinimumInstances(count);
    return change.kind === 'unchanged' ? change : { kind: 'changed', from: change.before };
  } catch (error) {
    return { kind: 'failed', why: messageOf(error).slice(0, 2_000) };
  }
}

/** Routers count on instances that are kept, although such an instance sends no heartbeat while it stands still. */
async function tellRouters(
  minInstances: number,
  seen: RouterState,
  { routerStates }: PrewarmingPorts,
): Promise<void> {
  let state = seen;
  for (let tries = 0; tries < mostTries && state.minInstances !== minInstances; tries++) {
    if (await routerStates.replace(state, { ...state, minInstances })) return;
    state = await routerStates.read();
  }
}

/** Shortly after the end of this minute. */
function nextLook(now: Date): number {
  const settled = now.getTime() - timing.settle;
  return (Math.floor(settled / timing.minute) + 1) * timing.minute + timing.settle;
}

/**
 * Slots of VMs that the arrivals to come will keep busy; null where the settings do not want the pool to follow a
 * forecast, or where there is none of late.
 */
export async function arrivingSlots(
  now: Date,
  { settings, forecasts }: Pick<Ports, 'settings' | 'forecasts'>,
): Promise<number | null> {
  if (!(await settings.routing()).forecast.vmPool) return null;
  const forecast = await forecasts.read();
  return isFreshForecast(forecast, now) ? forecast.arrivingSlots : null;
}

/** Whether what was forecast is still believed. */
export function isFreshForecast({ at }: Pick<ForecastDocument, 'at'>, now: Date): boolean {
  return at !== null && now.getTime() - at.getTime() < freshMs;
}
