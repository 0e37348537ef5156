import { z } from 'zod';
import { addMachines, type Machines, machinesDocument, machinesSchema } from './machines.ts';
import { addMarks, type Mark, markSchema } from './mark.ts';
import { addSamples, type SystemSample, systemSampleSchema } from './system-sample.ts';
import { addTally, emptyTally, endedIn, endStates, type Tally, tallyDocument, tallySchema } from './tally.ts';

/**
 * What happened within a minute, ten minutes or an hour. Each part of it is in a document of its own, so that a reader
 * reads what it shows:
 * - `jobs`: all jobs by operation, class and target, marks, and what the leader has seen of the system.
 * - `worker`, `source`, `owner`: the same tallies for each worker, source rule or owner.
 * - `machines`: processors and memory of the workers.
 */
export const groupParts = ['worker', 'source', 'owner'] as const;
export type GroupPart = (typeof groupParts)[number];
export const parts = ['jobs', ...groupParts, 'machines'] as const;
export type Part = (typeof parts)[number];

/** Tallies by the names of their cells (`cellName`). */
export type Cells = Map<string, Tally>;

/** Ends of jobs by state, as the documents of the jobs say. */
export const countedSchema = z.object(
  Object.fromEntries(endStates.map((state) => [state, z.int().min(0)])) as Record<
    (typeof endStates)[number],
    z.ZodInt
  >,
);
export type Counted = z.infer<typeof countedSchema>;

export interface JobsRecord {
  cells: Cells;
  /** Messages and events that were put aside. */
  deadLetters: number;
  marks: Mark[];
  /** Null where no leader has looked. */
  system: SystemSample | null;
  /**
   * Ends as the documents of the jobs say, counted once the time is over; null before. The cells lack what a program had
   * seen and not written yet when it was killed.
   */
  counted: Counted | null;
}

/** Tallies by worker, source rule or owner. */
export interface GroupsRecord {
  values: Map<string, Cells>;
  /** Values beyond the number that is kept. */
  others: Cells;
}

export interface RecordOf extends Record<GroupPart, GroupsRecord> {
  jobs: JobsRecord;
  machines: Machines;
}

/** Values of one record that are kept: those with the most jobs. The others are added up in `others`. */
export const mostValues = 20;

const cellsSchema = z
  .record(z.string(), tallySchema)
  .default({})
  .transform((cells): Cells => new Map(Object.entries(cells)));

const jobsSchema = z.object({
  cells: cellsSchema,
  deadLetters: z.number().min(0).default(0),
  marks: z.array(markSchema).default([]),
  system: systemSampleSchema.nullable().default(null),
  counted: countedSchema.nullable().default(null),
});

const groupsSchema = z.object({
  // Pairs, because an owner may have a name that objects have of their own.
  values: z
    .array(z.tuple([z.string(), cellsSchema]))
    .default([])
    .transform((pairs) => new Map(pairs)),
  others: cellsSchema,
});

/** How records of a part are added up, written and read. */
interface RecordForm<Value> {
  empty(): Value;
  /** Adds the second; changes the first. */
  add(record: Value, other: Value): void;
  document(record: Value): unknown;
  schema: z.ZodType<Value>;
}

const groupsForm: RecordForm<GroupsRecord> = {
  empty: () => ({ values: new Map(), others: new Map() }),
  add: addGroups,
  document: ({ values, others }) => ({
    values: [...values].map(([value, cells]) => [value, cellsDocument(cells)]),
    ...(others.size === 0 ? {} : { others: cellsDocument(others) }),
  }),
  schema: groupsSchema,
};

export const recordForms: { [Name in Part]: RecordForm<RecordOf[Name]> } = {
  jobs: {
    empty: () => ({ cells: new Map(), deadLetters: 0, marks: [], system: null, counted: null }),
    add(record, other) {
      addCells(record.cells, other.cells);
      record.deadLetters += other.deadLetters;
      record.marks = addMarks(record.marks, other.marks);
      record.system = addSamples(record.system, other.system);
      record.counted = addCounted(record.counted, other.counted);
    },
    document: ({ cells, deadLetters, marks, system, counted }) => ({
      cells: cellsDocument(cells),
      ...(deadLetters === 0 ? {} : { deadLetters }),
      ...(marks.length === 0 ? {} : { marks }),
      ...(system ? { system } : {}),
      ...(counted ? { counted } : {}),
    }),
    schema: jobsSchema,
  },
  worker: groupsForm,
  source: groupsForm,
  owner: groupsForm,
  machines: {
    empty: () => new Map(),
    add: addMachines,
    document: machinesDocument,
    schema: machinesSchema,
  },
};

export function addCells(cells: Cells, others: Cells): void {
  for (const [name, other] of others) addTally(tallyIn(cells, name), other);
}

/** The tally of that cell, which is made where there is none. */
export function tallyIn(cells: Cells, name: string): Tally {
  const known = cells.get(name);
  if (known) return known;
  const made = emptyTally();
  cells.set(name, made);
  return made;
}

function cellsDocument(cells: Cells): Record<string, unknown> {
  return Object.fromEntries([...cells].map(([name, tally]) => [name, tallyDocument(tally)]));
}

function addCounted(one: Counted | null, other: Counted | null): Counted | null {
  if (!one || !other) return one ?? other;
  return {
    succeeded: one.succeeded + other.succeeded,
    failed: one.failed + other.failed,
    superseded: one.superseded + other.superseded,
    cancelled: one.cancelled + other.cancelled,
  };
}

function addGroups(record: GroupsRecord, other: GroupsRecord): void {
  for (const [value, cells] of other.values) addCells(cellsOf(record, value), cells);
  addCells(record.others, other.others);
  keepMost(record, mostValues);
}

/** The cells of that value, which are made where there are none. */
export function cellsOf({ values }: GroupsRecord, value: string): Cells {
  const known = values.get(value);
  if (known) return known;
  const made: Cells = new Map();
  values.set(value, made);
  return made;
}

/** Adds the values with the fewest jobs to the others, until no more than `most` are left. */
export function keepMost(record: GroupsRecord, most: number): void {
  if (record.values.size <= most) return;
  const fewest = [...record.values].sort(([, a], [, b]) => jobsIn(a) - jobsIn(b));
  for (const [value, cells] of fewest.slice(0, record.values.size - most)) {
    addCells(record.others, cells);
    record.values.delete(value);
  }
}

/** Jobs that ended, and those that were decided where none has. */
export function jobsIn(cells: Cells): number {
  let jobs = 0;
  for (const tally of cells.values()) {
    const decided = Object.values(tally.decided).reduce((sum, each) => sum + each, 0);
    jobs += Math.max(endedIn(tally), decided);
  }
  return jobs;
}
