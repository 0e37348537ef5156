import { type BuiltInName, builtInNames } from '@spillway/core/operations.ts';
import type { Base } from './bases.ts';
import { harms } from './harms.ts';
import { type Lot, lotOf } from './lot.ts';

/** A file that was made to do harm, and what is to be done with it. */
export interface HostileFile {
  /** Says how it came about: base, harms, place. */
  name: string;
  bytes: Buffer;
  operation: BuiltInName;
  options: Record<string, unknown>;
}

/** `count` files by a seed: the same for the same seed, whatever their number. */
export function* hostileFiles(bases: Base[], seed: number, count: number): Generator<HostileFile> {
  for (let place = 0; place < count; place++) {
    const lot = lotOf(seed * 1_000_003 + place);
    yield { ...harmed(bases, lot, place), ...wanted(lot) };
  }
}

function harmed(bases: Base[], lot: Lot, place: number): { name: string; bytes: Buffer } {
  // Every harm meets every base in turn; a second one comes on top now and then.
  const first = harms[place % harms.length] as (typeof harms)[number];
  const base = bases[Math.floor(place / harms.length) % bases.length] as Base;
  const second = lot.below(4) === 0 ? lot.pick(harms) : null;
  const once = first.harm(base.bytes, lot);
  const bytes = second ? second.harm(once, lot) : once;
  const name = [place, first.name, second?.name, base.name].filter((part) => part !== undefined).join('-');
  return { name, bytes };
}

/** Sketches most often: they are quick. */
const mix: BuiltInName[] = [...builtInNames, 'sketch', 'sketch', 'sketch', 'caption'];

function wanted(lot: Lot): { operation: BuiltInName; options: Record<string, unknown> } {
  const operation = lot.pick(mix);
  switch (operation) {
    case 'sketch':
      return {
        operation,
        options: { blur: 3 + 2 * lot.below(49), format: lot.pick(['png', 'jpeg', 'webp']) },
      };
    case 'remove-background':
      return {
        operation,
        options: {
          output: lot.pick(['cutout', 'mask']),
          refine: lot.pick(['auto', 'none', 'grabcut']),
          format: lot.pick(['png', 'webp']),
          cleanMask: lot.below(4) === 0,
          feather: lot.pick([0, 0, 3, 100]),
          background: lot.pick(['', '#ff8000']),
        },
      };
    case 'caption':
      return { operation, options: { beams: 1 } };
    default:
      return operation satisfies never;
  }
}
