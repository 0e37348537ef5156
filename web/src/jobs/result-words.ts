import type { JsonTable } from '@spillway/core/operations/operation.ts';
import { resultContentTypes } from '@spillway/core/picture-types.ts';
import type { JobView } from '@spillway/web/api/schema.ts';
import { useEffect, useState } from 'preact/hooks';
import { type Reply, requestText } from '../http/request.ts';
import { manifestFor } from '../operations/known-operations.ts';

/** A result that is no picture, as a person reads it. */
export interface ResultWords {
  /** The headline of a JSON document, or the whole text. */
  text: string;
  /** Whether the text is a JSON document, because its operation names no headline. */
  isCode: boolean;
  tables: WordsTable[];
}

interface WordsTable {
  title: string;
  columns: JsonTable['columns'];
  rows: Record<string, unknown>[];
}

export type LoadedWords =
  | { kind: 'loading' }
  | { kind: 'loaded'; words: ResultWords }
  | { kind: 'failed'; message: string };

/** Texts of results, which never change, so that the large view shows at once what a card has loaded. */
const known = new Map<string, string>();
const mostKnown = 500;

/** Loads the words of a job's result. */
export function useWords(job: JobView): LoadedWords {
  const { id } = job;
  const [reply, setReply] = useState<Reply<string> | null>(null);
  useEffect(() => {
    if (known.has(id)) return;
    const controller = new AbortController();
    const { signal } = controller;
    requestText(resultPath(id), { signal }).then(
      (answer) => {
        if (answer.ok) remember(id, answer.value);
        setReply(answer);
      },
      (problem) => {
        if (!signal.aborted) throw problem;
      },
    );
    return () => controller.abort();
  }, [id]);
  const text = known.get(id);
  if (text !== undefined) return readWords(job, text);
  if (!reply) return { kind: 'loading' };
  return reply.ok ? readWords(job, reply.value) : { kind: 'failed', message: reply.failure.message };
}

/** Loads the same for a file of its own. */
export async function loadWords(job: JobView): Promise<Reply<ResultWords>> {
  const text = known.get(job.id);
  const reply: Reply<string> =
    text === undefined ? await requestText(resultPath(job.id)) : { ok: true, value: text };
  if (!reply.ok) return reply;
  remember(job.id, reply.value);
  const read = readWords(job, reply.value);
  if (read.kind === 'loaded') return { ok: true, value: read.words };
  return {
    ok: false,
    failure: { status: 200, code: 'unreadable', message: read.message, retryAfterMs: null },
  };
}

function resultPath(id: string): string {
  return `/jobs/${encodeURIComponent(id)}/result`;
}

function remember(id: string, text: string): void {
  known.set(id, text);
  const [oldest] = known.keys();
  if (known.size > mostKnown && oldest !== undefined) known.delete(oldest);
}

/** The words of a result file, shown as its operation's manifest says. */
export function readWords(
  { operation, result }: JobView,
  file: string,
): Exclude<LoadedWords, { kind: 'loading' }> {
  if (result?.contentType !== resultContentTypes.json) {
    return { kind: 'loaded', words: { text: file, isCode: false, tables: [] } };
  }
  const value = parsed(file);
  if (value === undefined) return { kind: 'failed', message: 'It is not the document that it should be.' };
  const produces = manifestFor(operation)?.produces;
  const { headline, tables = [] } = produces?.kind === 'json' ? produces : {};
  const document = isRecord(value) ? value : {};
  const text = headline === undefined ? undefined : document[headline];
  const isCode = typeof text !== 'string';
  return {
    kind: 'loaded',
    words: {
      text: isCode ? JSON.stringify(value, null, 2) : text,
      isCode,
      tables: tables.map(({ key, title, columns }) => ({ title, columns, rows: rowsOf(document[key]) })),
    },
  };
}

function rowsOf(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

function parsed(file: string): unknown {
  try {
    return JSON.parse(file);
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
