import { countOf } from '../amounts.ts';

/**
 * `wrong`: a person has to do something, or soon will. `note`: worth knowing. `fine`: what was looked at and is as it
 * should be.
 */
export type Weight = 'wrong' | 'note' | 'fine';

export interface Sentence {
  /** Names the kind, for programs. */
  code: string;
  weight: Weight;
  /** English sentences. */
  what: string;
  /** What to do: English sentences, or a command. Null where nothing has to be done. */
  mend: string | null;
}

export const wrong = (code: string, what: string, mend: string): Sentence => ({
  code,
  weight: 'wrong',
  what,
  mend,
});
export const note = (code: string, what: string, mend: string | null = null): Sentence => ({
  code,
  weight: 'note',
  what,
  mend,
});
export const fine = (code: string, what: string): Sentence => ({ code, weight: 'fine', what, mend: null });

/** A length of time for people, in its two largest units. @example duration(3_725_000) // '1 h 2 min' */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  if (seconds < 60) return `${seconds} s`;
  if (hours === 0) return seconds % 60 === 0 ? `${minutes} min` : `${minutes} min ${seconds % 60} s`;
  return hours < 48 ? `${hours} h ${minutes % 60} min` : countOf(Math.floor(hours / 24), 'day');
}

/** The first of a list by name, and how many more there are. */
export function listed(names: readonly string[], most = 3): string {
  const shown = names.slice(0, most).join(', ');
  return names.length > most ? `${shown} and ${countOf(names.length - most, 'more', 'more')}` : shown;
}
