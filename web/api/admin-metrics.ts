import { createRoute, z } from '@hono/zod-openapi';
import { causesIn, figuresByOperation, figuresOf, untoldIn } from '@spillway/core/rollups/figures.ts';
import { relativeError } from '@spillway/core/rollups/histogram.ts';
import { keptRollupsMs } from '@spillway/core/rollups/levels.ts';
import type { Machine } from '@spillway/core/rollups/machines.ts';
import {
  type Cells,
  type GroupsRecord,
  type JobsRecord,
  recordForms,
} from '@spillway/core/rollups/rollup.ts';
import {
  partOf,
  type Selection,
  selected,
  selectionOf,
  selectionQuerySchema,
} from '@spillway/core/rollups/selection.ts';
import type { SystemSample } from '@spillway/core/rollups/system-sample.ts';
import { readAlertLog } from '@spillway/pipeline/rollups/log-alerts.ts';
import { readChoices } from '@spillway/pipeline/rollups/read-choices.ts';
import { readRange, readState, timeOfRange } from '@spillway/pipeline/rollups/read-rollups.ts';
import { adminProblems, adminSecurity, json, problemAnswers } from './describe.ts';
import type { ApiDependencies } from './environment.ts';
import {
  alertLogSchema,
  choicesSchema,
  type MetricsPoint,
  type MetricsView,
  machinesSchema,
  metricsSchema,
  rangeSchema,
} from './metrics-schema.ts';
import { createOpenApiApp } from './openapi-app.ts';
import { invalidFields } from './problems.ts';

const timeQuery = {
  range: rangeSchema.default('3h').describe('How far back.'),
  until: z.iso.datetime().optional().describe('The end of the range; now where it is left out.'),
};

const readMetrics = createRoute({
  method: 'get',
  path: '/metrics',
  operationId: 'readMetrics',
  tags: ['admin'],
  security: adminSecurity,
  summary: 'Read what happened within a time',
  description:
    'Jobs, failures, objectives, waits and dollars, step by step, of all jobs or of one operation, worker, source or owner. The 20 busiest workers, sources and owners of each minute and hour are told apart; `others` is the sum of the rest. Everything is kept for 30 days.',
  request: { query: z.strictObject({ ...timeQuery, ...selectionQuerySchema.shape }) },
  responses: { 200: json(metricsSchema, 'The figures.'), ...problemAnswers(...adminProblems) },
});

const readMetricsChoices = createRoute({
  method: 'get',
  path: '/metrics/choices',
  operationId: 'readMetricsChoices',
  tags: ['admin'],
  security: adminSecurity,
  summary: 'List what metrics can be asked for',
  description: 'Operations, workers, sources and owners of the hours up to `until`, the busiest first.',
  request: { query: z.strictObject({ until: timeQuery.until }) },
  responses: { 200: json(choicesSchema, 'Their names.'), ...problemAnswers(...adminProblems) },
});

const readMachines = createRoute({
  method: 'get',
  path: '/machines',
  operationId: 'readMachines',
  tags: ['admin'],
  security: adminSecurity,
  summary: 'Read how busy the workers’ machines were',
  request: {
    query: z.strictObject({ ...timeQuery, worker: z.string().min(1).max(300).optional() }),
  },
  responses: {
    200: json(machinesSchema, 'Processors and memory, step by step.'),
    ...problemAnswers(...adminProblems),
  },
});

const listAlerts = createRoute({
  method: 'get',
  path: '/alerts',
  operationId: 'listAlerts',
  tags: ['admin'],
  security: adminSecurity,
  summary: 'List alerts that went on within a time',
  description: 'They are kept for 30 days. `endedAt` is null while an alert goes on.',
  request: { query: z.strictObject(timeQuery) },
  responses: { 200: json(alertLogSchema, 'The log.'), ...problemAnswers(...adminProblems) },
});

/** `GET /metrics`, `/metrics/choices`, `/machines` and `/alerts`. */
export function adminMetricsRoutes({ ports }: ApiDependencies) {
  /** The end of a range, which must be within what is kept. */
  function endOf(until: string | undefined): Date {
    const now = ports.clock.now();
    if (until === undefined) return now;
    const end = new Date(until);
    if (end > now) return now;
    if (end.getTime() < now.getTime() - keptRollupsMs) {
      throw invalidFields([
        { path: 'query.until', message: 'is more than 30 days ago: nothing is kept of it' },
      ]);
    }
    return end;
  }

  return createOpenApiApp()
    .openapi(readMetrics, async (c) => {
      const { range, until, ...query } = c.req.valid('query');
      const selection = selectionOf(query);
      if (!selection) {
        throw invalidFields([
          { path: 'query', message: 'give one of operation, worker, source and owner, or none' },
        ]);
      }
      const end = endOf(until);
      const state = await readState(ports);
      const part = partOf(selection);
      const [jobs, groups] = await Promise.all([
        readRange('jobs', range, end, state, ports),
        part === 'jobs' ? null : readRange(part, range, end, state, ports),
      ]);
      const cellsAt = (at: number, record: JobsRecord): Cells =>
        groups ? cellsOfValue(groups.steps.get(at), selection) : selected(record.cells, selection);
      const { from, until: last, stepMs, steps } = jobs;
      return c.json(viewOf({ range, from, until: last, stepMs }, steps, cellsAt, selection), 200);
    })
    .openapi(readMetricsChoices, async (c) =>
      c.json(await readChoices(endOf(c.req.valid('query').until), ports), 200),
    )
    .openapi(readMachines, async (c) => {
      const { range, until, worker } = c.req.valid('query');
      const { steps, ...time } = await readRange(
        'machines',
        range,
        endOf(until),
        await readState(ports),
        ports,
      );
      const machines = new Map<
        string,
        { id: string; kind: 'vm' | 'run'; points: ReturnType<typeof meanOf>[] }
      >();
      for (const [at, record] of [...steps].sort(([a], [b]) => a - b)) {
        for (const [id, machine] of record) {
          if (worker !== undefined && id !== worker) continue;
          const known = machines.get(id) ?? { id, kind: machine.kind, points: [] };
          known.points.push(meanOf(at, machine));
          machines.set(id, known);
        }
      }
      const sorted = [...machines.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
      return c.json({ range, ...time, machines: sorted }, 200);
    })
    .openapi(listAlerts, async (c) => {
      const { range, until } = c.req.valid('query');
      const { from, until: end } = timeOfRange(range, endOf(until));
      return c.json({ from, until: end, alerts: await readAlertLog(from, end, ports) }, 200);
    });
}

function cellsOfValue(record: GroupsRecord | undefined, selection: Selection): Cells {
  if (!record || selection.kind === 'all' || selection.kind === 'operation') return new Map();
  return selection.value === 'others' ? record.others : (record.values.get(selection.value) ?? new Map());
}

function viewOf(
  time: Pick<MetricsView, 'range' | 'from' | 'until' | 'stepMs'>,
  steps: ReadonlyMap<number, JobsRecord>,
  cellsAt: (at: number, record: JobsRecord) => Cells,
  selection: Selection,
): MetricsView {
  const isAll = selection.kind === 'all';
  const total = recordForms.jobs.empty();
  const points = [...steps]
    .sort(([a], [b]) => a - b)
    .map(([at, record]): MetricsPoint => {
      const cells = cellsAt(at, record);
      recordForms.jobs.add(total, { ...record, cells });
      return {
        at: new Date(at),
        ...figuresOf(cells, isAll ? (record.system?.vmDollars ?? null) : null),
        system: record.system && systemOf(record.system),
      };
    });
  return {
    ...time,
    points,
    sum: {
      ...figuresOf(total.cells, isAll ? (total.system?.vmDollars ?? null) : null),
      ...causesIn(total.cells),
      operations: figuresByOperation(total.cells),
      deadLetters: total.deadLetters,
    },
    counted: isAll && total.counted ? { ...total.counted, untold: sumOfUntold(steps) } : null,
    marks: total.marks,
    relativeError,
  };
}

/** Minutes that are not over yet have been counted by nobody, so each step is looked at by itself. */
function sumOfUntold(steps: ReadonlyMap<number, JobsRecord>): number {
  return [...steps.values()].reduce((sum, record) => sum + untoldIn(record), 0);
}

function systemOf({ samples, oldestMs, queued, vms, slots, busy, instances, paused }: SystemSample) {
  const mean = (sum: number) => sum / Math.max(1, samples);
  return {
    oldestMs,
    queued: { vm: mean(queued.vm), run: mean(queued.run) },
    ...{ vms: mean(vms), slots: mean(slots), busy: mean(busy) },
    ...{ instances: mean(instances), paused: mean(paused) },
  };
}

function meanOf(at: number, { kind: _, beats, mostCpu, mostMemory, ...sums }: Machine) {
  const mean = (sum: number) => sum / Math.max(1, beats);
  return {
    at: new Date(at),
    ...{ cpu: mean(sums.cpu), ownCpu: mean(sums.ownCpu), memory: mean(sums.memory) },
    ...{ ownBytes: mean(sums.ownBytes), slots: mean(sums.slots), busy: mean(sums.busy) },
    ...{ mostCpu, mostMemory },
  };
}
