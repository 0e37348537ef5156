import { readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';

/** What an extract was made of, and by which programs. */
export const stampSchema = z.object({
  /** Of the files that it was made of (`sources.ts`). */
  madeOf: z.string(),
  terraform: z.string(),
  provider: z.string(),
});
export type Stamp = z.infer<typeof stampSchema>;

const addressOf = (name: string) => new URL(`extracts/${name}.json`, import.meta.url);

/** Reads a committed extract. Throws where it does not have the form that this version writes. */
export function readExtract<Schema extends z.ZodType>(name: string, schema: Schema): z.infer<Schema> {
  return schema.parse(JSON.parse(readFileSync(addressOf(name), 'utf8')));
}

/**
 * Writes an extract, with each entry of its first two levels on a line of its own, so that a change shows what changed.
 * @param extract An object, of which a value may be an object or a list.
 */
export function writeExtract(name: string, extract: object): void {
  const lines = Object.entries(extract).map(([key, value]) => `${JSON.stringify(key)}: ${entries(value)}`);
  writeFileSync(addressOf(name), `{\n${lines.join(',\n')}\n}\n`);
}

function entries(value: unknown): string {
  if (Array.isArray(value)) return `[\n${value.map((each) => JSON.stringify(each)).join(',\n')}\n]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const lines = Object.entries(value).map(([key, each]) => `${JSON.stringify(key)}: ${JSON.stringify(each)}`);
  return `{\n${lines.join(',\n')}\n}`;
}
