import { recordsOf } from '@spillway/core/rollups/document.ts';
import { documentId, levels } from '@spillway/core/rollups/levels.ts';
import {
  addCells,
  cellsOf,
  type GroupPart,
  groupParts,
  jobsIn,
  recordForms,
} from '@spillway/core/rollups/rollup.ts';
import { cellNamed } from '@spillway/core/rollups/tally.ts';
import type { Ports } from '../ports/ports.ts';

/** Names that metrics can be asked for, of the hours up to a time, the busiest first. It reads up to twelve documents. */
export async function readChoices(
  until: Date,
  { metricsDocuments }: Pick<Ports, 'metricsDocuments'>,
): Promise<Record<GroupPart | 'operation', string[]>> {
  const documentsOf = async (part: GroupPart | 'jobs') => {
    const ids = levels.map((level) => documentId(level, part, until));
    const read = await metricsDocuments.get(ids);
    return read.map(({ document }) => document.content);
  };
  const valuesOf = async (part: GroupPart): Promise<string[]> => {
    const sum = recordForms[part].empty();
    for (const content of await documentsOf(part)) {
      for (const { values } of recordsOf(part, content).values()) {
        for (const [value, cells] of values) addCells(cellsOf(sum, value), cells);
      }
    }
    return [...sum.values].sort(([, a], [, b]) => jobsIn(b) - jobsIn(a)).map(([value]) => value);
  };
  const [contents, ...groups] = await Promise.all([documentsOf('jobs'), ...groupParts.map(valuesOf)]);
  const operations = new Set(
    contents.flatMap((content) =>
      [...recordsOf('jobs', content).values()].flatMap(({ cells }) =>
        [...cells.keys()].flatMap((name) => cellNamed(name)?.operation ?? []),
      ),
    ),
  );
  const [worker = [], source = [], owner = []] = groups;
  return { operation: [...operations].sort(), worker, source, owner };
}
