import { createHash } from 'node:crypto';
import { basename, dirname, extname, join } from 'node:path';
import { isOperationName, type OperationName } from '@spillway/core/operations.ts';
import { utf8Bytes } from '@spillway/core/text.ts';

/** Bytes. File systems allow 255, and a number, the operation and an extension are added. */
const mostStemBytes = 200;

/**
 * Names for the results of inputs, without operation and extension, relative to the same folder as the inputs' names.
 * A name is the input's name without its extension. It keeps the extension if two results would have the same name.
 * No two names are equal, even on file systems that ignore case or the form of accents.
 */
export function resultStems(inputs: readonly string[]): string[] {
  const stems = inputs.map((input) => join(dirname(input), shortened(withoutExtension(input))));
  const whole = inputs.map((input) => join(dirname(input), shortened(basename(input))));
  // A name with its extension may equal another input's short name, so this is repeated.
  for (let changed = true; changed; ) {
    changed = false;
    const counts = Map.groupBy(stems, folded);
    for (const [index, stem] of stems.entries()) {
      const shared = (counts.get(folded(stem))?.length ?? 0) > 1;
      if (!shared || stem === whole[index]) continue;
      stems[index] = whole[index] ?? stem;
      changed = true;
    }
  }
  return numbered(stems);
}

/** Names that still differ only in case get a number. */
function numbered(stems: readonly string[]): string[] {
  const counts = Map.groupBy(stems, folded);
  const taken = new Set(stems.filter((stem) => counts.get(folded(stem))?.length === 1).map(folded));
  return stems.map((stem) => {
    if (counts.get(folded(stem))?.length === 1) return stem;
    let free = stem;
    for (let number = 2; taken.has(folded(free)); number++) free = `${stem}-${number}`;
    taken.add(folded(free));
    return free;
  });
}

function folded(name: string): string {
  return name.normalize('NFC').toLowerCase().normalize('NFC');
}

function withoutExtension(path: string): string {
  return basename(path, extname(path));
}

function shortened(name: string): string {
  if (utf8Bytes(name) <= mostStemBytes) return name;
  let kept = name;
  while (utf8Bytes(kept) > mostStemBytes - 9) kept = [...kept].slice(0, -1).join('');
  return `${kept}-${createHash('sha256').update(name).digest('hex').slice(0, 8)}`;
}

export function resultName(stem: string, operation: OperationName, extension: string): string {
  return `${stem}.${operation}.${extension}`;
}

/**
 * The names in one folder that are results of other files there. They are left out, so that a second run over a folder
 * does not take results for pictures. A name that only looks like a result's is not among them.
 */
export function earlierResults(names: readonly string[]): Set<string> {
  const sources = new Set(names.flatMap((name) => [name, withoutExtension(name)]).map(shortened));
  const results = names.filter((name) => {
    const inner = withoutExtension(name);
    const source = withoutExtension(inner);
    if (!isOperationName(extname(inner).slice(1))) return false;
    return sources.has(source) || sources.has(source.replace(/-\d+$/, ''));
  });
  return new Set(results);
}
