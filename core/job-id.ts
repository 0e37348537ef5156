import { hash } from 'node:crypto';

export interface JobIdentity {
  bucket: string;
  name: string;
  generation: string;
  operation: string;
  options: Record<string, unknown>;
  run: number;
}

/**
 * The job's id: 128 bits of SHA-256 in hex. The same event always gives the same id, so a repeated event
 * finds the document that the first one created. Hashed ids also spread Firestore's writes over its key range.
 */
export function jobId(identity: JobIdentity): string {
  const { bucket, name, generation, operation, options, run } = identity;
  const text = JSON.stringify([bucket, name, generation, operation, canonical(options), run]);
  return hash('sha256', text).slice(0, 32);
}

/** The value with sorted keys in every object, so that equal options have equal text. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return Object.fromEntries(entries.map(([key, inner]) => [key, canonical(inner)]));
}
