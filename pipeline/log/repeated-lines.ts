import type { Loggable } from './log-fields.ts';

export interface Line {
  level: 'warn' | 'error';
  fields: Record<string, Loggable>;
  message: string;
}

export interface RepeatLimit {
  /** Writes the line, or counts it where it was written less than a minute ago. */
  pass(line: Line): void;
  /** Tells of everything that was left out so far. */
  flush(): void;
}

/** The same is said once in this time, in milliseconds. */
const quietMs = 60_000;
/** Different lines that are remembered. The oldest is forgotten for another. */
const mostKinds = 500;

interface Kind {
  line: Line;
  until: number;
  leftOut: number;
}

/**
 * Says a thing once a minute, however often it happens: the same sentence about the same thing. What was left out is
 * counted, and told with the next line after the minute, or by a line of its own.
 * @param write Writes a line.
 * @param now A clock that goes steadily, in milliseconds.
 * @param after Calls back after a time in milliseconds, and keeps no process alive for it.
 */
export function limitRepeats(
  write: (line: Line) => void,
  now: () => number,
  after: (ms: number, action: () => void) => void,
): RepeatLimit {
  /** In the order in which their minutes end. */
  const kinds = new Map<string, Kind>();
  let waiting = false;

  function tell({ line, leftOut }: Kind): void {
    if (leftOut > 0) write({ ...line, fields: { ...line.fields, leftOut } });
  }

  function endMinutes(): void {
    for (const [key, kind] of kinds) {
      if (kind.until > now()) break;
      kinds.delete(key);
      if (kind.leftOut === 0) continue;
      tell(kind);
      // What was told just now is quiet for another minute.
      kinds.set(key, { ...kind, until: now() + quietMs, leftOut: 0 });
    }
  }

  /** A program that falls silent tells all the same, when the first minute ends. */
  function tellLater(): void {
    const first = [...kinds.values()].find(({ leftOut }) => leftOut > 0);
    if (waiting || first === undefined) return;
    waiting = true;
    after(Math.max(0, first.until - now()), () => {
      waiting = false;
      endMinutes();
      tellLater();
    });
  }

  return {
    pass(line) {
      const key = keyOf(line);
      const kind = kinds.get(key);
      if (kind && kind.until > now()) {
        kind.leftOut++;
        // The newest is told: its figures are those of now.
        kind.line = line;
        tellLater();
        return;
      }
      kinds.delete(key);
      endMinutes();
      const [oldest] = kinds;
      if (oldest && kinds.size >= mostKinds) {
        kinds.delete(oldest[0]);
        tell(oldest[1]);
      }
      kinds.set(key, { line, until: now() + quietMs, leftOut: 0 });
      const { leftOut = 0 } = kind ?? {};
      write(leftOut > 0 ? { ...line, fields: { ...line.fields, leftOut } } : line);
    },
    flush() {
      for (const kind of kinds.values()) tell(kind);
      kinds.clear();
    },
  };
}

/** Characters of what tells one kind of line from another. */
const longestKey = 400;

/** The sentence without its figures, and what it is about: names in its fields, and the class of its error. */
function keyOf({ level, fields, message }: Line): string {
  const about = Object.entries(fields).flatMap(([name, value]) => {
    if (typeof value === 'string') return isOfRequest(name) ? [] : [withoutFigures(value)];
    if (name !== 'error' || value === null || typeof value !== 'object' || Array.isArray(value)) return [];
    return [`${value.type}`, `${value.code}`];
  });
  return [level, withoutFigures(message), ...about].join('\n').slice(0, longestKey);
}

/** A sentence without its figures, which differ each time. A name has no spaces, and its digits belong to it. */
function withoutFigures(text: string): string {
  return text.includes(' ') ? text.replace(/\d+/g, '#') : text;
}

function isOfRequest(name: string): boolean {
  return name.startsWith('logging.googleapis.com/') || name === 'stack_trace';
}
