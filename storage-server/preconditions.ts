import type { IncomingHttpHeaders } from 'node:http';
import { conditionNotMet, invalid, StorageError } from './errors.ts';

/** The four conditions of a request; each is absent or a decimal number as text. */
export interface Preconditions {
  ifGenerationMatch?: string;
  ifGenerationNotMatch?: string;
  ifMetagenerationMatch?: string;
  ifMetagenerationNotMatch?: string;
}

const conditionNames = [
  'ifGenerationMatch',
  'ifGenerationNotMatch',
  'ifMetagenerationMatch',
  'ifMetagenerationNotMatch',
] as const;

interface Versioned {
  generation: string;
  metageneration: number;
}

/**
 * Reads the conditions of a query. `side` is `Source` for those on the source of a copy. Throws a 400 on a non-number.
 */
export function queryPreconditions(query: URLSearchParams, side: '' | 'Source' = ''): Preconditions {
  const found: Preconditions = {};
  for (const condition of conditionNames) {
    const value = query.get(condition.replace('if', `if${side}`));
    if (value !== null) found[condition] = decimal(value, condition);
  }
  return found;
}

/** Reads the conditions that the XML API takes from headers. */
export function headerPreconditions(headers: IncomingHttpHeaders): Preconditions {
  const found: Preconditions = {};
  const generation = headers['x-goog-if-generation-match'];
  const metageneration = headers['x-goog-if-metageneration-match'];
  if (typeof generation === 'string') found.ifGenerationMatch = decimal(generation, 'generation');
  if (typeof metageneration === 'string')
    found.ifMetagenerationMatch = decimal(metageneration, 'metageneration');
  return found;
}

function decimal(value: string, name: string): string {
  if (!/^\d{1,19}$/.test(value)) throw invalid(`Invalid value for ${name}: '${value}'`);
  return BigInt(value).toString();
}

/**
 * Throws a 412 unless the conditions hold for what is there now; an absent object has generation 0.
 * Must run under the same lock of the object as the change that it guards.
 */
export function checkBeforeWrite(conditions: Preconditions, live: Versioned | undefined): void {
  const generation = live?.generation ?? '0';
  const metageneration = live ? String(live.metageneration) : undefined;
  const { ifGenerationMatch, ifGenerationNotMatch, ifMetagenerationMatch, ifMetagenerationNotMatch } =
    conditions;
  const holds =
    (ifGenerationMatch === undefined || ifGenerationMatch === generation) &&
    (ifGenerationNotMatch === undefined || ifGenerationNotMatch !== generation) &&
    (ifMetagenerationMatch === undefined || ifMetagenerationMatch === metageneration) &&
    (ifMetagenerationNotMatch === undefined || ifMetagenerationNotMatch !== metageneration);
  if (!holds) throw conditionNotMet();
}

/** As before a write, except that a failed `NotMatch` means `not modified` (304): the reader has that version. */
export function checkBeforeRead(conditions: Preconditions, found: Versioned): void {
  const { ifGenerationMatch, ifMetagenerationMatch } = conditions;
  checkBeforeWrite(
    {
      ...(ifGenerationMatch === undefined ? {} : { ifGenerationMatch }),
      ...(ifMetagenerationMatch === undefined ? {} : { ifMetagenerationMatch }),
    },
    found,
  );
  if (
    conditions.ifGenerationNotMatch === found.generation ||
    conditions.ifMetagenerationNotMatch === String(found.metageneration)
  ) {
    throw new StorageError(304, 'notModified', 'NotModified', 'Not Modified');
  }
}
