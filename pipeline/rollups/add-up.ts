import { type Records, recordsOf } from '@spillway/core/rollups/document.ts';
import { documentId, type Level, levelBelow, recordMs, startOf } from '@spillway/core/rollups/levels.ts';
import { type Counted, type Part, parts, recordForms } from '@spillway/core/rollups/rollup.ts';
import type { Ports } from '../ports/ports.ts';
import type { MetricsChange, MetricsDocuments } from '../ports/rollups.ts';
import { readRollupState, rollupDocument, stateChange } from './merge-shards.ts';

/** Programs have written what they saw within a time by this many milliseconds after it: two writes, and a merge. */
const settledMs = 90_000;
/** Records that one call adds up at most. */
const mostAtOnce = 6;

type AddUpPorts = Pick<Ports, 'metricsDocuments' | 'sums' | 'clock'>;

/**
 * Adds up minutes to tens, and tens to hours, once their time is over, and again where something came late. Each sum is of
 * whole documents and replaces the one before, so that it is the same however often it is made. Throws `OutageError`.
 */
export async function addUp(ports: AddUpPorts): Promise<void> {
  await addUpTens(ports);
  await addUpHours(ports);
}

async function addUpTens(ports: AddUpPorts): Promise<void> {
  const { metricsDocuments, clock } = ports;
  const before = await readRollupState(metricsDocuments);
  const { state } = before;
  const due = startOf(recordMs.tens, new Date(clock.now().getTime() - settledMs));
  const from = state.tensFrom ?? (await firstOf('minutes', 'tens', metricsDocuments)) ?? due;
  const found = await startsBetween('minutes', from, due, mostAtOnce, metricsDocuments);
  const late = state.late.slice(0, mostAtOnce);
  const next = found.length < mostAtOnce ? due : new Date((found.at(-1) ?? due).getTime() + recordMs.tens);
  if (found.length + late.length === 0 && state.tensFrom?.getTime() === next.getTime()) return;
  const changes = await sumsOf('tens', [...late, ...found], ports);
  const hours = late.map((at) => startOf(recordMs.hours, at));
  const lateHours = hours.filter((at) => state.hoursFrom !== null && at < state.hoursFrom);
  const hoursFrom = [state.hoursFrom, ...lateHours].reduce(
    (a, b) => (a && b && b < a ? b : a),
    state.hoursFrom,
  );
  const rest = state.late.slice(late.length);
  await metricsDocuments.replace(
    [stateChange(before, { ...state, tensFrom: next, hoursFrom, late: rest }), ...changes],
    [],
  );
}

async function addUpHours(ports: AddUpPorts): Promise<void> {
  const { metricsDocuments } = ports;
  const before = await readRollupState(metricsDocuments);
  const { state } = before;
  if (state.tensFrom === null || state.late.length > 0) return;
  const due = startOf(recordMs.hours, state.tensFrom);
  const from = state.hoursFrom ?? (await firstOf('tens', 'hours', metricsDocuments)) ?? due;
  const found = await startsBetween('tens', from, due, mostAtOnce, metricsDocuments);
  const next = found.length < mostAtOnce ? due : new Date((found.at(-1) ?? due).getTime() + recordMs.hours);
  if (found.length === 0 && state.hoursFrom?.getTime() === next.getTime()) return;
  const changes = await sumsOf('hours', found, ports);
  await metricsDocuments.replace([stateChange(before, { ...state, hoursFrom: next }), ...changes], []);
}

/** When the first record begins for which the level below has something; null where it has nothing. */
async function firstOf(below: Level, level: Level, documents: MetricsDocuments): Promise<Date | null> {
  const [first] = await documents.between(`${below}.jobs.`, `${below}.jobs/`, 1);
  const at = first ? timeOf(first.document.id) : null;
  return at && startOf(recordMs[level], at);
}

/** The beginnings of those documents of a level that there are. */
async function startsBetween(
  level: Level,
  from: Date,
  until: Date,
  limit: number,
  documents: MetricsDocuments,
): Promise<Date[]> {
  if (from >= until) return [];
  const [first, end] = [documentId(level, 'jobs', from), documentId(level, 'jobs', until)];
  const found = await documents.between(first, end, limit);
  return found.flatMap(({ document }) => timeOf(document.id) ?? []);
}

function timeOf(id: string): Date | null {
  const at = new Date(`${id.split('.').at(-1)}:00.000Z`);
  return Number.isNaN(at.getTime()) ? null : at;
}

/** What the documents of a level become once these records are added up. */
async function sumsOf(level: Level, starts: readonly Date[], ports: AddUpPorts): Promise<MetricsChange[]> {
  const counted = new Map<number, Counted>();
  if (level === 'tens') {
    for (const at of starts) {
      counted.set(at.getTime(), await ports.sums.endedWithin(at, new Date(at.getTime() + recordMs.tens)));
    }
  }
  const changes = await Promise.all(
    parts.map((part) => sumsOfPart(level, part, starts, counted, ports.metricsDocuments)),
  );
  return changes.flat();
}

async function sumsOfPart<Name extends Part>(
  level: Level,
  part: Name,
  starts: readonly Date[],
  counted: ReadonlyMap<number, Counted>,
  documents: MetricsDocuments,
): Promise<MetricsChange[]> {
  const below = levelBelow(level);
  if (below === null || starts.length === 0) return [];
  const sources = await documents.get(starts.map((at) => documentId(below, part, at)));
  const contents = new Map(sources.map(({ document }) => [document.id, document.content]));
  const targets = await documents.get([...new Set(starts.map((at) => documentId(level, part, at)))]);
  const before = new Map(targets.map((read) => [read.document.id, read]));
  const changed = new Map<string, Records<Name>>();
  for (const at of starts) {
    const content = contents.get(documentId(below, part, at));
    if (content === undefined) continue;
    const sum = recordForms[part].empty();
    for (const record of recordsOf(part, content).values()) recordForms[part].add(sum, record);
    const exact = counted.get(at.getTime());
    if (exact && part === 'jobs') Object.assign(sum, { counted: exact });
    const id = documentId(level, part, at);
    const records = changed.get(id) ?? recordsOf(part, before.get(id)?.document.content ?? '');
    records.set(at.getTime(), sum);
    changed.set(id, records);
  }
  return [...changed].map(([id, records]) => ({
    before: before.get(id) ?? null,
    next: rollupDocument(id, part, records),
  }));
}
