import type { CAC } from 'cac';
import { UsageError } from './usage-error.ts';

/** The values that cac gives: text, a list for a repeated option, or true if the value was left out. */
export type Flags = Record<string, unknown>;

export type Environment = Record<string, string | undefined>;

/** Adds commands to the command line. */
export type CommandGroup = (cli: CAC, environment: Environment) => void;

/** @throws UsageError where the option was given more than once. */
export function textFlag(flags: Flags, name: string): string | null {
  const value = flags[name];
  if (value === undefined) return null;
  if (Array.isArray(value)) throw new UsageError(`--${name} may be given once.`);
  return String(value);
}
