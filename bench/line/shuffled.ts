import type { Random } from '@spillway/simulator/random.ts';

export function shuffled<Item>(items: readonly Item[], random: Random): Item[] {
  const left = [...items];
  return items.flatMap(() => left.splice(Math.floor(random.uniform() * left.length), 1));
}
