import { z } from 'zod';
import { instant } from '../job.ts';
import { openAlertSchema } from './alert-log.ts';

/** The id of the document that says how far the merge has come. */
export const stateId = 'state';

const hourMs = 3_600_000;
/** Writers that are remembered, the latest ones. */
const mostWriters = 300;

/** How far the sweep's leader has come with the rollups. It is written with what it is true of, or not at all. */
export const rollupStateSchema = z.object({
  /** When it was written last; null before the first time. */
  at: instant.nullable().default(null),
  /** The last shard that was merged of each writer, so that none counts twice whose write was repeated. */
  writers: z.array(z.tuple([z.string(), z.object({ number: z.int(), at: instant })])).default([]),
  /** The next ten minutes, and the next hour, to be added up; null before the first. */
  tensFrom: instant.nullable().default(null),
  hoursFrom: instant.nullable().default(null),
  /** Earlier ten minutes that a late shard has changed. */
  late: z.array(instant).default([]),
  /** Alerts that have not ended. */
  openAlerts: z.array(openAlertSchema).default([]),
});
export type RollupState = z.infer<typeof rollupStateSchema>;

export const initialRollupState: RollupState = rollupStateSchema.parse({});

export function hasMerged({ writers }: RollupState, writer: string, number: number): boolean {
  const known = writers.find(([name]) => name === writer);
  return known !== undefined && known[1].number >= number;
}

/** The state after a writer's shard was merged. Writers that have been silent for an hour are forgotten. */
export function withMerged(state: RollupState, writer: string, number: number, at: Date): RollupState {
  const others = state.writers.filter(
    ([name, seen]) => name !== writer && at.getTime() - seen.at.getTime() < hourMs,
  );
  return {
    ...state,
    writers: [...others, [writer, { number, at }] as const]
      .slice(-mostWriters)
      .map(([name, seen]) => [name, seen]),
  };
}
