import { z } from 'zod';

/** What a person chose to make, as this browser keeps it. */
export interface RememberedChoices {
  chosen: readonly string[];
  options: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

const choicesKey = 'spillway-choices';
const choicesSchema = z.object({
  chosen: z.array(z.string()),
  options: z.record(z.string(), z.record(z.string(), z.unknown())),
});

/** Null where nothing is kept, nothing can be read, or another version of the page has written it. */
export function readChoices(storage: Pick<Storage, 'getItem'>): RememberedChoices | null {
  try {
    const parsed = choicesSchema.safeParse(JSON.parse(storage.getItem(choicesKey) ?? 'null'));
    return parsed.success ? parsed.data : null;
  } catch {
    // Cookies are blocked, or it is no JSON: the page begins as it does for everybody.
    return null;
  }
}

export function writeChoices(storage: Pick<Storage, 'setItem'>, choices: RememberedChoices): void {
  try {
    storage.setItem(choicesKey, JSON.stringify(choices));
  } catch {
    // Cookies are blocked, or the storage is full: the choice counts until the page is closed.
  }
}
