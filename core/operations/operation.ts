import type { z } from 'zod';

/** What core knows of an operation without running it. Its pixels are handled by `processing/operations/<name>.ts`. */
export interface OperationDefinition<Name extends string, Options extends z.ZodObject> {
  readonly name: Name;
  /** The verb a person presses, in sentence case. */
  readonly label: string;
  readonly description: string;
  /** Options an uploader may set. Strict: an unknown key is refused. Every option has a default. */
  readonly options: Options;
  /** Latency objective in milliseconds, counted from the object's `timeCreated`. */
  readonly objectiveMs: number;
  /** Service time in milliseconds, download and result included, assumed until workers have seen some. */
  readonly priorServiceMs: { readonly fixed: number; readonly perMegapixel: number };
}

/** Keeps the literal types of a definition while checking its shape. */
export function defineOperation<Name extends string, Options extends z.ZodObject>(
  definition: OperationDefinition<Name, Options>,
): OperationDefinition<Name, Options> {
  return definition;
}
