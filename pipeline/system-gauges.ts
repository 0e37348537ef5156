import type { MetricData } from '@opentelemetry/sdk-metrics';
import type { ForecastDocument } from '@spillway/core/forecast/prewarming.ts';
import { workerStates } from '@spillway/core/heartbeat.ts';
import type { Target } from '@spillway/core/job.ts';
import { takesWork } from '@spillway/core/routing/breakers.ts';
import type { FleetMember } from '@spillway/core/routing/fleet-summary.ts';
import { liveVms } from '@spillway/core/routing/liveness.ts';
import { offeredSlots, offeredWorkTiming } from '@spillway/core/routing/offered-work.ts';
import { whyRunIsClosed } from '@spillway/core/routing/predict.ts';
import type { Conditions } from '@spillway/core/routing/question.ts';
import { overTime } from '@spillway/core/steps.ts';
import { forecastHorizons } from '@spillway/core/telemetry-metrics.ts';
import { readConditions } from './conditions.ts';
import type { Stored } from './ports/jobs.ts';
import type { AppPorts, Ports } from './ports/ports.ts';
import { arrivingSlots, isFreshForecast } from './prewarming.ts';
import { type Gauge, gaugeMetrics } from './telemetry/gauges.ts';

/** Of what was passed over, no more than this is read. An alarm wants to know whether there is any. */
const mostPassedOver = 20;
const targets = ['vm', 'run'] as const satisfies Target[];

/**
 * What is true of the system now, each series with its zero. However many jobs wait, this reads the heartbeats, two jobs,
 * `mostPassedOver` notes, and one index entry in a thousand for counts and sums. Throws `OutageError`.
 */
export async function readSystemGauges(ports: Ports): Promise<Gauge[]> {
  const [conditions, open, oldest, passedOver, offeredWork, forecast] = await Promise.all([
    overTime(readConditions(ports)),
    ports.feed.countOpen(),
    Promise.all(targets.map((target) => ports.backlog.oldestWaiting(target))),
    ports.passedOver.recent(mostPassedOver),
    readOfferedWork(ports),
    ports.forecasts.read(),
  ]);
  return [
    ...targets.map(
      (target, index): Gauge => ({
        name: 'spillway.queue.oldest_age',
        labels: { target },
        value: ageOf(oldest[index] ?? null),
      }),
    ),
    ...targets.flatMap((target): Gauge[] => [
      { name: 'spillway.queue.jobs', labels: { target, state: 'queued' }, value: open[target].queued },
      {
        name: 'spillway.queue.jobs',
        labels: { target, state: 'processing' },
        value: open[target].processing,
      },
    ]),
    ...gaugesOfTargets(conditions),
    ...workerGauges(conditions),
    { name: 'spillway.passed_over', labels: {}, value: passedOver.length },
    { name: 'spillway.spend.last_hour', labels: {}, value: conditions.state.spentLastHour },
    { name: 'spillway.offered_work', labels: {}, value: offeredWork },
    ...forecastGauges(forecast, conditions.now),
  ];
}

/** What is true of the system now, and what this process has seen. Throws `OutageError`. */
export async function readAllMetrics(ports: Ports & Pick<AppPorts, 'ownMetrics'>): Promise<MetricData[]> {
  const [gauges, own] = await Promise.all([readSystemGauges(ports), ports.ownMetrics.read()]);
  return [...gaugeMetrics(gauges, ports.clock.now()), ...own];
}

/** How much work people offer, for the pool of VMs. */
async function readOfferedWork(ports: Ports): Promise<number> {
  const { sums, clock } = ports;
  const now = clock.now();
  const { arrivedWithin, horizon } = offeredWorkTiming;
  const at = (ms: number) => new Date(now.getTime() + ms);
  const [arrived, overdueVm, overdueRun, due, arriving] = await Promise.all([
    sums.arrivedSince(at(-arrivedWithin)),
    sums.waitingBefore('vm', now),
    sums.waitingBefore('run', now),
    sums.waitingBefore('vm', at(horizon)),
    arrivingSlots(now, ports),
  ]);
  const overdueMs = overdueVm.workMs + overdueRun.workMs;
  return offeredSlots({ arrivedMs: arrived.workMs, overdueMs, dueMs: due.workMs }, arriving);
}

/** Seconds, by the database's clock alone. */
function ageOf(oldest: Stored | null): number {
  return oldest ? Math.max(0, oldest.readAt.getTime() - oldest.job.createdAt.getTime()) / 1_000 : 0;
}

function gaugesOfTargets({ workers, settings, state, now }: Conditions): Gauge[] {
  const pausedVms = recent(workers, settings).filter(
    ({ kind, state: at }) => kind === 'vm' && at === 'paused',
  );
  const open = {
    vm: liveVms(workers, settings).length > 0,
    run: whyRunIsClosed({ settings, state, now }) === null,
  };
  return [
    { name: 'spillway.breaker.open', labels: { target: 'vm' }, value: pausedVms.length },
    {
      name: 'spillway.breaker.open',
      labels: { target: 'run' },
      value: takesWork(state.breaker, now) ? 0 : 1,
    },
    ...targets.map(
      (target): Gauge => ({ name: 'spillway.targets.open', labels: { target }, value: open[target] ? 1 : 0 }),
    ),
  ];
}

function workerGauges({ workers, settings }: Conditions): Gauge[] {
  const heardOf = recent(workers, settings);
  return targets.flatMap((target) =>
    workerStates.map((state): Gauge => {
      const value = heardOf.filter((worker) => worker.kind === target && worker.state === state).length;
      return { name: 'spillway.workers', labels: { target, state }, value };
    }),
  );
}

/** None where nothing was forecast lately; no minimum where prewarming leaves it to others. */
function forecastGauges(forecast: ForecastDocument, now: Date): Gauge[] {
  const { expected, set } = forecast;
  const isFresh = isFreshForecast(forecast, now);
  const arrivals = Object.entries((isFresh && expected) || {}).flatMap(([operation, ahead]) =>
    forecastHorizons.map((minutes): Gauge => {
      const value = ahead[Number(minutes) - 1] ?? 0;
      return { name: 'spillway.forecast.arrivals', labels: { operation, minutes }, value };
    }),
  );
  return set === null
    ? arrivals
    : [...arrivals, { name: 'spillway.run.minimum_instances', labels: {}, value: set }];
}

/** An instance of Cloud Run beats only while it works, and is there for longer. */
function recent(workers: Conditions['workers'], { vm, run }: Conditions['settings']): FleetMember[] {
  return workers.filter(({ kind, ageMs }) => ageMs <= (kind === 'vm' ? vm.liveWithinMs : run.warmWithinMs));
}
