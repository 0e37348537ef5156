import { z } from 'zod';
import { type LineLimits, searchLines } from '../traces/file-lines.ts';

/** Bounds of one search. */
export interface LogLimits extends LineLimits {
  /** Entries that are kept: the latest. */
  entries: number;
}

const usualLimits: LogLimits = { files: 60, bytes: 128 * 2 ** 20, line: 2 ** 20, entries: 500 };

/** What every line of our programs has. @see pipeline/json-log.ts */
const lineSchema = z.looseObject({
  time: z.coerce.date(),
  severity: z.string().default('DEFAULT'),
  program: z.string().default(''),
  message: z.string().default(''),
});

/** One line of a log. */
export interface LogEntry {
  at: Date;
  severity: string;
  program: string;
  message: string;
  /** The other fields, each as text. */
  fields: Record<string, string>;
}

/** Fields that say what the page of the job says already. */
const known = /^(jobId|operation|logging\.googleapis\.com\/.*)$/;

/**
 * Searches the log files of a folder for the lines that name one of these ids, the earliest first. What cannot be read is
 * told in the notes.
 */
export async function findLogEntries(
  directory: string,
  ids: readonly string[],
  limits: LogLimits = usualLimits,
): Promise<{ entries: LogEntry[]; notes: string[] }> {
  const needles = ids.map((id) => Buffer.from(id));
  const entries: LogEntry[] = [];
  const notes = await searchLines(directory, { ending: '.log', what: 'logs' }, limits, (line) => {
    if (!needles.some((needle) => line.includes(needle))) return;
    const entry = readLine(line.toString('utf8'));
    if (entry) entries.push(entry);
  });
  entries.sort((a, b) => a.at.getTime() - b.at.getTime());
  if (entries.length > limits.entries)
    notes.add(`Only the latest ${limits.entries} of ${entries.length} lines are here.`);
  return { entries: entries.slice(-limits.entries), notes: [...notes] };
}

/** Null for a line that no program of ours has written. */
function readLine(text: string): LogEntry | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const { data } = lineSchema.safeParse(value);
  if (!data) return null;
  const { time, severity, program, message, ...others } = data;
  const fields = Object.entries(others)
    .filter(([name]) => !known.test(name))
    .map(([name, each]) => [name, typeof each === 'string' ? each : JSON.stringify(each)]);
  return { at: time, severity, program, message, fields: Object.fromEntries(fields) };
}
