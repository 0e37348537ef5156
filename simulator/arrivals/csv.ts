import { readFileSync } from 'node:fs';
import { TraceError } from './trace-error.ts';

/** `2023-11-16 18:17:03.9799600`: UTC unless it says otherwise, any number of digits after the second. */
const timestamp = /^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}:\d{2})(\.\d+)?\s*(Z|[+-]\d{2}:?\d{2})?$/;
/** Numbers at or above this are milliseconds since 1970, or else seconds: it is the year 5138 in seconds. */
const leastMilliseconds = 1e11;

/**
 * Arrivals of a CSV file, in seconds from the first, sorted. Timestamps, seconds or milliseconds stand in the first
 * column; a header is optional, further columns and empty lines are ignored. Throws `TraceError`.
 */
export function csvArrivals(path: string): number[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new TraceError(`Cannot read ${path}: ${(error as NodeJS.ErrnoException).code ?? error}.`);
  }
  return parseCsv(text, path);
}

export function parseCsv(text: string, path: string): number[] {
  const instants: Instant[] = [];
  let isFirstRow = true;
  for (const [index, line] of text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\n|\r/)
    .entries()) {
    if (line.trim() === '') continue;
    const cell = firstCell(line);
    const instant = parseInstant(cell);
    if (instant) instants.push(instant);
    // A header begins with no digit; a damaged timestamp does.
    else if (!isFirstRow || /^[\d+-]/.test(cell)) {
      throw new TraceError(
        `${path}, line ${index + 1}: "${cell.slice(0, 40)}" is neither a timestamp (2023-11-16 18:17:03.97) nor a number.`,
      );
    }
    isFirstRow = false;
  }
  return fromFirst(instants, path);
}

/** Whole and fractional seconds apart: together a double would keep only seven digits of today's fractions. */
interface Instant {
  whole: number;
  fraction: number;
}

function parseInstant(cell: string): Instant | null {
  const [matched, day, clock, fraction, zone] = timestamp.exec(cell) ?? [];
  if (matched) {
    const ms = Date.parse(`${day}T${clock}${zone ?? 'Z'}`);
    return Number.isNaN(ms) ? null : { whole: ms / 1_000, fraction: Number(`0${fraction ?? ''}`) };
  }
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(cell)) return null;
  const value = Number(cell);
  if (!Number.isFinite(value)) return null;
  const seconds = Math.abs(value) >= leastMilliseconds ? value / 1_000 : value;
  const whole = Math.floor(seconds);
  return { whole, fraction: seconds - whole };
}

function fromFirst(instants: Instant[], path: string): number[] {
  instants.sort((a, b) => a.whole - b.whole || a.fraction - b.fraction);
  const [first] = instants;
  if (!first) throw new TraceError(`${path} holds no arrivals.`);
  return instants.map(({ whole, fraction }) => whole - first.whole + (fraction - first.fraction));
}

function firstCell(line: string): string {
  const quoted = /^\s*"([^"]*)"/.exec(line);
  return (quoted?.[1] ?? line.split(/[,;\t]/, 1)[0] ?? '').trim();
}
