import type { SettingsHistoryEntry } from '@spillway/web/api/routing-schema.ts';
import { formatDuration } from '../format/duration.ts';

/** Each value that a change has changed, in words. A value that was not there is 'default'. */
export function differenceLines(
  differences: SettingsHistoryEntry['differences'],
): { path: string; before: string; after: string }[] {
  return differences.map(({ path, before, after }) => {
    const name = path.join('.');
    const isDuration = /Ms$|^objectivesMs\./.test(name);
    const words = (value: unknown) =>
      isDuration && typeof value === 'number' ? formatDuration(value) : valueWords(value);
    return { path: name, before: words(before), after: words(after) };
  });
}

function valueWords(value: unknown): string {
  if (value === undefined || value === null || value === '') return 'none';
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  if (typeof value !== 'object') return String(value);
  const parts = Array.isArray(value)
    ? value.map(valueWords)
    : Object.entries(value).map(([name, inner]) => `${name}: ${valueWords(inner)}`);
  return parts.length === 0 ? 'none' : parts.join(', ');
}
