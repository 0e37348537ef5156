import { z } from 'zod';
import { type Worker, workerStates } from '../heartbeat.ts';
import { instant, targetSchema } from '../job.ts';
import { utf8Bytes } from '../text.ts';
import type { Quantiles } from './quantiles.ts';
import type { LearnedService } from './service-times.ts';

/** What a decision has to know of a worker. Every heartbeat has it. */
export interface FleetMember
  extends Pick<Worker, 'id' | 'kind' | 'state' | 'slots' | 'pricePerHour' | 'ageMs'> {
  cpu: Pick<Worker['cpu'], 'load'>;
  /** Only of VMs: what instances of Cloud Run have learned is in the router's state, for all of them together. */
  perOperation: Readonly<Record<string, { learned: LearnedService | null }>>;
}

/** Raised when `members` changes its form. A program that knows another form reads the heartbeats instead. */
const form = 1;

/**
 * The document `routing/fleet`: what decisions have to know of all workers, so that a router reads one document and not
 * every heartbeat. The sweep's leader writes it.
 */
export const fleetSummarySchema = z.object({
  /** Raised by one with every change. */
  revision: z.int().min(0).default(0),
  form: z.literal(form).default(form),
  /** When its heartbeats were read, by the database's clock. Null: never. */
  readAt: instant.nullable().default(null),
  /** The members as JSON: a text makes no index entries, and takes a third of the room of maps. */
  members: z.string().default('[]'),
});
export type FleetSummary = z.infer<typeof fleetSummarySchema>;

export const initialFleetSummary: FleetSummary = fleetSummarySchema.parse({});

/** Heartbeats as they were read at one time, by the database's clock. */
export interface FleetAt<Member extends FleetMember = FleetMember> {
  readAt: Date;
  workers: readonly Member[];
}

/** Firestore's limit of a document is 1 MiB. This leaves room for the other fields. */
const mostBytes = 1_000_000;

const ratioSchema = z.number().min(0);
const quantilesSchema = z.union([z.literal(0), z.tuple([ratioSchema, ratioSchema, z.int().min(0)])]);
/** A worker's values without their names. */
const rowSchema = z.tuple([
  z.string(),
  targetSchema,
  z.enum(workerStates),
  /** Slots. */
  z.int().min(0),
  /** Milliseconds since its last beat, at the time of the reading. */
  z.number(),
  /** Load of its processors. */
  z.number().min(0),
  /** Price of an hour. */
  z.number().min(0).nullable(),
  /** By operation: what was learned over all pictures, then of each band. */
  z.record(z.string(), z.array(quantilesSchema).min(1)),
]);
type Row = z.infer<typeof rowSchema>;

/**
 * The summary of heartbeats, to be written over `before`. What VMs have learned is left out where the document would be
 * too large: first the bands, then all of it, so that routers go by what the VMs have learned together. Beyond 10,000
 * workers or so, the instances of Cloud Run that have been silent longest are left out, too.
 */
export function summaryOf({ readAt, workers }: FleetAt, before: FleetSummary): FleetSummary {
  return { revision: before.revision, form, readAt, members: textOf(workers) };
}

function textOf(workers: readonly FleetMember[]): string {
  for (const detail of ['bands', 'operations', 'none'] as const) {
    const text = JSON.stringify(workers.map((each) => rowOf(each, detail)));
    if (utf8Bytes(text) <= mostBytes) return text;
  }
  return JSON.stringify(thoseThatFit(workers));
}

function thoseThatFit(workers: readonly FleetMember[]): Row[] {
  const rank = ({ kind, ageMs }: FleetMember) => (kind === 'vm' ? Number.NEGATIVE_INFINITY : ageMs);
  let room = mostBytes - 2;
  const rows = workers.toSorted((a, b) => rank(a) - rank(b) || 0).map((each) => rowOf(each, 'none'));
  return rows.filter((row) => {
    room -= utf8Bytes(JSON.stringify(row)) + 1;
    return room >= 0;
  });
}

type Detail = 'bands' | 'operations' | 'none';

function rowOf(
  { id, kind, state, slots, ageMs, cpu, pricePerHour, perOperation }: FleetMember,
  detail: Detail,
): Row {
  const isVm = kind === 'vm';
  const learned: Row[7] = {};
  for (const [operation, stats] of isVm && detail !== 'none' ? Object.entries(perOperation) : []) {
    if (!stats.learned) continue;
    const { all, bands } = stats.learned;
    learned[operation] = (detail === 'bands' ? [all, ...bands] : [all]).map(shortened);
  }
  // Nothing asks for an instance by its id, and Cloud Run's are long.
  return [isVm ? id : '', kind, state, slots, ageMs, rounded(cpu.load), pricePerHour, learned];
}

function shortened(quantiles: Quantiles | null): 0 | [number, number, number] {
  return quantiles ? [rounded(quantiles.p50), rounded(quantiles.p90), quantiles.count] : 0;
}

/** Four digits: far more than what is measured is worth. */
function rounded(value: number): number {
  return Number(value.toPrecision(4));
}

/**
 * The members with their ages at the time of the reading; null where nothing was summarised yet.
 * @throws ZodError, SyntaxError where the members are not valid.
 */
export function fleetIn(summary: FleetSummary): FleetAt | null {
  const { readAt, members } = summary;
  if (readAt === null) return null;
  const known = fleets.get(summary);
  if (known) return known;
  const fleet = { readAt, workers: z.array(rowSchema).parse(JSON.parse(members)).map(memberOf) };
  fleets.set(summary, fleet);
  return fleet;
}

/** Of each summary once: a database in memory gives the same one to all its readers. */
const fleets = new WeakMap<FleetSummary, FleetAt>();

function memberOf([id, kind, state, slots, ageMs, load, pricePerHour, learned]: Row): FleetMember {
  const operations = Object.entries(learned).map(([operation, [all = 0, ...bands]]) => {
    const figures = quantilesIn(all);
    return [operation, { learned: figures && { all: figures, bands: bands.map(quantilesIn) } }] as const;
  });
  return {
    id,
    kind,
    state,
    slots,
    ageMs,
    cpu: { load },
    pricePerHour,
    perOperation: Object.fromEntries(operations),
  };
}

function quantilesIn(short: z.infer<typeof quantilesSchema>): Quantiles | null {
  if (short === 0) return null;
  const [p50, p90, count] = short;
  return { p50, p90, count };
}

/** The workers with their ages as they are at a time, by the database's clock. */
export function agedBy<Member extends FleetMember>(
  { readAt, workers }: FleetAt<Member>,
  now: Date,
): Member[] {
  const since = Math.max(0, now.getTime() - readAt.getTime());
  return since === 0 ? [...workers] : workers.map((worker) => ({ ...worker, ageMs: worker.ageMs + since }));
}
