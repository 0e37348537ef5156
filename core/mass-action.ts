import { z } from 'zod';
import { instant, type JobState } from './job.ts';

/**
 * What an admin has done to many jobs at once. The page asks for one step after the other. Where the page is closed, the
 * action stops where it is, and any admin can let it go on: each step is safe to repeat.
 */
export const massActionKinds = ['retry', 'cancel', 'delete'] as const;
export const massActionKindSchema = z.enum(massActionKinds);
export type MassActionKind = z.infer<typeof massActionKindSchema>;

/** Most jobs that can be named one by one. */
export const mostNamed = 500;
/** Most jobs of one action. */
export const mostAtOnce = 100_000;

const whichSchema = z.discriminatedUnion('kind', [
  /** All that match, by the names of an address (core/job-query.ts). */
  z.object({ kind: z.literal('matching'), query: z.record(z.string(), z.string()) }),
  z.object({ kind: z.literal('named'), ids: z.array(z.string()).max(mostNamed) }),
]);
export type WhichJobs = z.infer<typeof whichSchema>;

export const massActionSchema = z.object({
  id: z.string(),
  kind: massActionKindSchema,
  which: whichSchema,
  /** Which jobs, for a person. */
  words: z.string(),
  /** Jobs that were counted when it began. */
  expected: z.number(),
  state: z.enum(['running', 'stopped', 'done']),
  by: z.string(),
  /** The page that goes on with it; null before the first step. */
  tab: z.string().nullable(),
  startedAt: instant,
  /** Of the last step. */
  changedAt: instant,
  /** Where the next step goes on: a state of those that the action is for, and a cursor within it, or a place in the list. */
  place: z.object({ part: z.int(), cursor: z.string().nullable() }),
  /** Jobs that were retried, cancelled or deleted. */
  done: z.int(),
  /** Jobs that needed nothing: they were retried before, or have ended meanwhile. */
  spared: z.int(),
  /** Jobs that could not be changed. */
  refused: z.int(),
  /** Why the last of these could not. */
  problem: z.string().nullable(),
});
export type MassAction = z.infer<typeof massActionSchema>;

/** `routing/mass-action`: the one that is under way, or was the last. */
export const massActionDocumentSchema = z.object({
  revision: z.int().min(0).default(0),
  action: massActionSchema.nullable().default(null).catch(null),
});
export type MassActionDocument = z.infer<typeof massActionDocumentSchema>;
export const initialMassAction: MassActionDocument = { revision: 0, action: null };

/** Jobs in these states can be acted on, in this order. Null: in any. */
export function statesFor(kind: MassActionKind): readonly (JobState | null)[] {
  switch (kind) {
    case 'retry':
      return ['failed', 'cancelled'];
    case 'cancel':
      return ['queued', 'processing'];
    case 'delete':
      return [null];
    default:
      return kind satisfies never;
  }
}

/** How it stands or ended, for the audit: `812 of 815 retried, 2 spared, 1 refused (…).` */
export function massActionWords(
  action: Pick<MassAction, 'kind' | 'done' | 'spared' | 'refused' | 'expected' | 'problem' | 'state'>,
): string {
  const { kind, done, spared, refused, expected, problem, state } = action;
  const verb = { retry: 'retried', cancel: 'cancelled', delete: 'deleted' }[kind];
  const parts = [
    `${done} of ${expected} ${verb}`,
    ...(spared > 0 ? [`${spared} needed nothing`] : []),
    ...(refused > 0 ? [`${refused} refused (${problem ?? 'no reason is known'})`] : []),
    ...(state === 'stopped' ? ['stopped by hand'] : []),
  ];
  return `${parts.join(', ')}.`;
}
