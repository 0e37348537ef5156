import { z } from 'zod';
import { keptAuditMs } from './audit.ts';
import { instant } from './job.ts';
import { mostIndexedBytes, storableText } from './text.ts';

/** The documents of `settings/` that admins change. */
export const settingsDocuments = ['routing', 'sources'] as const;
export const settingsDocumentSchema = z.enum(settingsDocuments);
export type SettingsDocument = z.infer<typeof settingsDocumentSchema>;

/** Kept as long as the rest of what admins do. Milliseconds. */
export const keptSettingsMs = keptAuditMs;

/** `settings-history/{id}`: one change of a document of `settings/`. It is written with the change, and never changed. */
export const settingsEntrySchema = z.object({
  id: z.string().min(1).max(100),
  document: settingsDocumentSchema,
  at: instant,
  /** An e-mail address, or `token`. */
  by: storableText(mostIndexedBytes),
  /** JSON of all settings before and after it: names in them may be such that a database keeps for itself. */
  before: z.string(),
  after: z.string(),
  /** The change that this one undid; null where it undid none. */
  undoes: z.string().nullable(),
  expiresAt: instant,
});
export type SettingsEntry = z.infer<typeof settingsEntrySchema>;

/** One value that differs. A side that has none is undefined. */
export interface SettingsDifference {
  path: string[];
  before: unknown;
  after: unknown;
}

/** What differs between two values of one schema, value by value. Lists count as one value. */
export function differencesBetween(
  before: unknown,
  after: unknown,
  path: string[] = [],
): SettingsDifference[] {
  if (isRecord(before) && isRecord(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return keys.flatMap((key) => differencesBetween(before[key], after[key], [...path, key]));
  }
  return same(before, after) ? [] : [{ path, before, after }];
}

/** @example differenceWords({ path: ['run', 'enabled'], before: true, after: false }) // 'run.enabled: true → false' */
export function differenceWords({ path, before, after }: SettingsDifference): string {
  return `${path.join('.')}: ${valueWords(before)} → ${valueWords(after)}`;
}

function valueWords(value: unknown): string {
  return value === undefined ? 'none' : JSON.stringify(value);
}

export type Undone =
  | { kind: 'undone'; value: unknown }
  /** Somebody has changed these again since: what is there now is not what that change left. */
  | { kind: 'changed_since'; paths: string[][] };

/**
 * The settings without what one change did, and with everything that was done since.
 * @param current As they are now, in the form in which the difference was taken.
 */
export function undone(current: unknown, differences: readonly SettingsDifference[]): Undone {
  const paths = differences
    .filter(({ path, after }) => !same(valueAt(current, path), after))
    .map(({ path }) => path);
  if (paths.length > 0) return { kind: 'changed_since', paths };
  const value = differences.reduce(
    (changed, { path, before }) => withValueAt(changed, path, before),
    current,
  );
  return { kind: 'undone', value };
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (inner, key) => (isRecord(inner) && Object.hasOwn(inner, key) ? inner[key] : undefined),
    value,
  );
}

function withValueAt(value: unknown, [key, ...rest]: readonly string[], wanted: unknown): unknown {
  if (key === undefined) return wanted;
  const record = isRecord(value) ? value : {};
  const inner = withValueAt(record[key], rest, wanted);
  const { [key]: _, ...others } = record;
  return inner === undefined ? others : { ...others, [key]: inner };
}

function same(one: unknown, other: unknown): boolean {
  return one === other || canonical(one) === canonical(other);
}

/** JSON with its keys in order: a database may give them in another one. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (!isRecord(value)) return JSON.stringify(value) ?? 'none';
  const entries = Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`);
  return `{${entries.join(',')}}`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
