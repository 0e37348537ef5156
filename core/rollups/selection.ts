import { z } from 'zod';
import { type Cells, type GroupPart, groupParts } from './rollup.ts';
import { cellNamed } from './tally.ts';

/** What charts are about: all jobs, or those of one operation, worker, source rule or owner. */
export type Selection =
  | { kind: 'all' }
  | { kind: 'operation'; operation: string }
  | { kind: GroupPart; value: string };

export const selectionNames = ['operation', ...groupParts] as const;

/** One or none of these, as a query of the API has them. */
export const selectionQuerySchema = z.object(
  Object.fromEntries(selectionNames.map((name) => [name, z.string().min(1).max(300).optional()])) as Record<
    (typeof selectionNames)[number],
    z.ZodOptional<z.ZodString>
  >,
);

/** Null where more than one thing is named. */
export function selectionOf(query: z.infer<typeof selectionQuerySchema>): Selection | null {
  const named = selectionNames.filter((name) => query[name] !== undefined);
  const [name] = named;
  if (named.length > 1) return null;
  if (name === undefined) return { kind: 'all' };
  const value = query[name] ?? '';
  return name === 'operation' ? { kind: 'operation', operation: value } : { kind: name, value };
}

/** The part of the rollups that the tallies of a selection are in. */
export function partOf({ kind }: Selection): 'jobs' | GroupPart {
  return kind === 'all' || kind === 'operation' ? 'jobs' : kind;
}

/** The cells of a selection among those of its part. */
export function selected(cells: Cells, selection: Selection): Cells {
  if (selection.kind !== 'operation') return cells;
  return new Map([...cells].filter(([name]) => cellNamed(name)?.operation === selection.operation));
}
