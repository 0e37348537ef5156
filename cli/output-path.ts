import { stat } from 'node:fs/promises';
import { basename, dirname, extname, join, sep } from 'node:path';
import type { OperationName } from '@spillway/core/operations.ts';
import { operationNames } from '@spillway/core/operations.ts';

/**
 * Where the result of one file goes: the file that `--out` names, or, in a folder, `<name>.<operation>.<extension>`.
 * Without `--out` that folder is the input's.
 */
export async function resultPath(
  input: string,
  operation: OperationName,
  extension: string,
  out: string | null,
): Promise<string> {
  const name = `${stemOf(input)}.${operation}.${extension}`;
  if (out === null) return join(dirname(input), name);
  return out.endsWith(sep) || (await isDirectory(out)) ? join(out, name) : out;
}

/**
 * Names of the results of a folder's files, without extension: where two files differ in their extension alone, it
 * is kept, so that neither result takes the other's place.
 */
export function resultStems(inputs: readonly string[], operation: OperationName): string[] {
  const counts = Map.groupBy(inputs, stemOf);
  return inputs.map((input) => {
    const alone = counts.get(stemOf(input))?.length === 1;
    return `${alone ? stemOf(input) : basename(input)}.${operation}`;
  });
}

/** True of what `resultStems` named: a folder that is done twice must not take results for pictures. */
export function isResultName(name: string): boolean {
  return operationNames.includes(extname(stemOf(name)).slice(1) as OperationName);
}

export async function isDirectory(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isDirectory() ?? false;
}

function stemOf(path: string): string {
  return basename(path, extname(path));
}
