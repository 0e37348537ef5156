import { type JobClass, jobClasses } from '@spillway/core/job.ts';
import { type Range, ranges } from '@spillway/core/rollups/levels.ts';

/** What the overview shows, as its address has it. */
export interface OverviewView {
  range: Range;
  /** The end of the range; null for now. */
  until: Date | null;
  /** What the charts are about; null for all jobs. */
  about: { name: AboutName; value: string } | null;
  /** Whose times are drawn: interactive and bulk jobs are never mixed. */
  class: JobClass;
}

export const aboutNames = ['operation', 'worker', 'source', 'owner'] as const;
export type AboutName = (typeof aboutNames)[number];

export type ReadAddress =
  | { kind: 'view'; view: OverviewView }
  /** The sentence says what is wrong with it. */
  | { kind: 'wrong'; sentence: string };

const known = new Set<string>(['range', 'until', 'class', ...aboutNames]);
export const firstView: OverviewView = { range: '3h', until: null, about: null, class: 'interactive' };

/** Reads the query of an address. What it does not understand is said, and not passed over. */
export function viewIn(search: string): ReadAddress {
  const query = new URLSearchParams(search);
  const unknown = [...query.keys()].find((name) => !known.has(name));
  if (unknown !== undefined) return wrong(`This page knows no “${unknown}”.`);
  const range = query.get('range') ?? firstView.range;
  const isRange = (name: string): name is Range => ranges.some((each) => each === name);
  if (!isRange(range)) return wrong(`“${range}” is no range. There are ${ranges.join(', ')}.`);
  const end = query.get('until');
  const until = end === null ? null : new Date(end);
  if (until !== null && Number.isNaN(until.getTime())) return wrong(`“${end}” is no date.`);
  const jobClass = query.get('class') ?? firstView.class;
  const isClass = (name: string): name is JobClass => jobClasses.some((each) => each === name);
  if (!isClass(jobClass))
    return wrong(`“${jobClass}” is no class of jobs. There are ${jobClasses.join(' and ')}.`);
  const named = aboutNames.filter((name) => query.has(name));
  if (named.length > 1) return wrong(`Charts are about one thing: ${named.join(' or ')}.`);
  const [name] = named;
  const about = name === undefined ? null : { name, value: query.get(name) ?? '' };
  return { kind: 'view', view: { range, until, about, class: jobClass } };
}

function wrong(sentence: string): ReadAddress {
  return { kind: 'wrong', sentence };
}

/** The query of a view, without what is so anyway. */
export function queryOf({ range, until, about, class: jobClass }: OverviewView): string {
  const query = new URLSearchParams();
  if (range !== firstView.range) query.set('range', range);
  if (until !== null) query.set('until', until.toISOString());
  if (about !== null) query.set(about.name, about.value);
  if (jobClass !== firstView.class) query.set('class', jobClass);
  const text = query.toString();
  return text === '' ? '' : `?${text}`;
}

/** What the API is asked for. It mixes no classes, so it is not told of one. */
export function apiQueryOf({ range, until, about }: OverviewView): string {
  const query = new URLSearchParams({ range });
  if (until !== null) query.set('until', until.toISOString());
  if (about !== null) query.set(about.name, about.value);
  return query.toString();
}
