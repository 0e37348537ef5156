import { type LineLimits, searchLines } from './file-lines.ts';
import { type RecordedSpan, readTraceLine } from './otlp-json.ts';

/** Bounds of one search. */
export interface SearchLimits extends LineLimits {
  spans: number;
}

const usualLimits: SearchLimits = {
  files: 200,
  bytes: 256 * 2 ** 20,
  line: 8 * 2 ** 20,
  spans: 5_000,
};

export interface FoundSpans {
  spans: RecordedSpan[];
  /** Why they may not be all, as sentences. */
  notes: string[];
}

/**
 * Searches the OTLP files of a folder for one trace. A folder that is not there yet has no spans. What cannot be read
 * is told in the notes.
 */
export async function findSpans(
  directory: string,
  traceId: string,
  limits: SearchLimits = usualLimits,
): Promise<FoundSpans> {
  const found = new Map<string, RecordedSpan>();
  const needle = Buffer.from(traceId);
  let isFull = false;
  const notes = await searchLines(directory, { ending: '.jsonl', what: 'traces' }, limits, (line) => {
    if (!line.includes(needle)) return;
    for (const span of readTraceLine(line.toString('utf8'), traceId) ?? []) {
      if (found.size < limits.spans || found.has(span.id)) found.set(span.id, span);
      else isFull = true;
    }
  });
  if (isFull) notes.add(`Only ${limits.spans} spans of this trace were read.`);
  return { spans: [...found.values()], notes: [...notes] };
}
