import {
  addRecords,
  addSeen,
  byDocument,
  contentOf,
  nothingSeen,
  type Records,
  recordsOf,
  type Seen,
  shardIds,
  shardOf,
} from '@spillway/core/rollups/document.ts';
import { keptRollupsMs, recordMs, startOf } from '@spillway/core/rollups/levels.ts';
import { runDollarsOf } from '@spillway/core/rollups/measured-cost.ts';
import { type Cells, type Part, parts } from '@spillway/core/rollups/rollup.ts';
import {
  hasMerged,
  initialRollupState,
  type RollupState,
  rollupStateSchema,
  stateId,
  withMerged,
} from '@spillway/core/rollups/state.ts';
import type { RoutingSettings } from '@spillway/core/settings.ts';
import type { Ports } from '../ports/ports.ts';
import type { MetricsChange, MetricsDocument, MetricsDocuments, ReadMetrics } from '../ports/rollups.ts';

/** Shards of one merge. More wait for the next one. */
const mostShards = 150;

export interface StateNow {
  state: RollupState;
  read: ReadMetrics | null;
}

/** How far the rollups have come; the beginning where the document is not valid. */
export async function readRollupState(documents: MetricsDocuments): Promise<StateNow> {
  const [read] = await documents.get([stateId]);
  if (!read) return { state: initialRollupState, read: null };
  const state = rollupStateSchema.safeParse(jsonOf(read.document.content));
  return { state: state.success ? state.data : initialRollupState, read };
}

export function stateChange({ read }: StateNow, next: RollupState): MetricsChange {
  return { before: read, next: { id: stateId, content: JSON.stringify(next), expiresAt: null } };
}

/**
 * Adds to the documents of minutes what programs have written since, and what the leader itself has seen. All of it is
 * written at once with the state and without the shards, or nothing is, so that each shard counts once. Resolves to whether
 * there may be more; throws `OutageError`.
 */
export async function mergeShards(
  own: Seen,
  ports: Pick<Ports, 'metricsDocuments' | 'settings' | 'clock' | 'log'>,
): Promise<boolean> {
  const { metricsDocuments, clock, log } = ports;
  const now = clock.now();
  const [before, shards, settings] = await Promise.all([
    readRollupState(metricsDocuments),
    metricsDocuments.between(shardIds.first, shardIds.end, mostShards),
    ports.settings.routing(),
  ]);
  let { state } = before;
  const seen = nothingSeen();
  for (const { document } of shards) {
    const shard = shardOf(document.content);
    if (!shard) log.warn({ shard: document.id }, 'A shard of the rollups is not valid, and is left out.');
    if (!shard || hasMerged(state, shard.writer, shard.number)) continue;
    addSeen(seen, shard.seen);
    state = withMerged(state, shard.writer, shard.number, now);
  }
  addSeen(seen, own);
  priceCells(seen, settings);
  const changes = await changesOf(seen, metricsDocuments);
  if (changes.length === 0 && shards.length === 0) return false;
  const next = { ...state, at: now, late: lateAfter(state, seen) };
  const removed = shards.map(({ document }) => document.id);
  const done = await metricsDocuments.replace([stateChange(before, next), ...changes], removed);
  if (!done) throw new Error('The rollups were changed by another program; the next merge goes on.');
  return shards.length === mostShards;
}

/** Dollars by the prices of now. */
function priceCells(seen: Seen, settings: RoutingSettings): void {
  const price = (cells: Cells) => {
    for (const tally of cells.values()) tally.dollars = runDollarsOf(tally, settings);
  };
  for (const { cells } of seen.jobs.values()) price(cells);
  for (const part of ['worker', 'source', 'owner'] as const) {
    for (const { values, others } of seen[part].values())
      for (const cells of [...values.values(), others]) price(cells);
  }
}

async function changesOf(seen: Seen, documents: MetricsDocuments): Promise<MetricsChange[]> {
  const changes = await Promise.all(parts.map((part) => changesOfPart(part, seen[part], documents)));
  return changes.flat();
}

async function changesOfPart<Name extends Part>(
  part: Name,
  records: Records<Name>,
  documents: MetricsDocuments,
): Promise<MetricsChange[]> {
  const added = byDocument('minutes', part, records);
  const found = new Map((await documents.get([...added.keys()])).map((read) => [read.document.id, read]));
  return [...added].map(([id, others]) => {
    const before = found.get(id) ?? null;
    const all = recordsOf(part, before?.document.content ?? '');
    addRecords(part, all, others);
    return { before, next: rollupDocument(id, part, all) };
  });
}

/** A document that is kept as long as its last record. */
export function rollupDocument<Name extends Part>(
  id: string,
  part: Name,
  records: Records<Name>,
): MetricsDocument {
  const expiresAt = new Date(Math.max(...records.keys()) + keptRollupsMs);
  return { id, content: contentOf(part, records), expiresAt };
}

/** Ten minutes that were added up already and have changed now: a program could not write for long, or stood still. */
function lateAfter({ late, tensFrom }: RollupState, seen: Seen): Date[] {
  const tens = [...seen.jobs.keys()]
    .map((at) => startOf(recordMs.tens, new Date(at)).getTime())
    .filter((at) => tensFrom !== null && at < tensFrom.getTime());
  return [...new Set([...late.map((at) => at.getTime()), ...tens])].map((at) => new Date(at));
}

export function jsonOf(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch {
    return undefined;
  }
}
