import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { GraphBuilder } from '@spillway/models/blip/graph-builder.ts';
import type { InstalledSaliencyModel } from '@spillway/models/installed.ts';
import { saliencyForms } from '@spillway/models/saliency-forms.ts';

/** Made by `bench/peers/rembg_golden.py`: pictures, a small net, and what rembg's path makes of them. */
export const golden = (name: string): string => fileURLToPath(new URL(`./${name}`, import.meta.url));

export function modelAt(path: string, changes: Partial<InstalledSaliencyModel> = {}): InstalledSaliencyModel {
  const model = { name: 'small', sha256: 'a'.repeat(64), builtIn: false, install: null };
  return { ...model, path, ...saliencyForms.u2net, isGuess: false, notice: null, ...changes };
}

/** A net that loads well and whose map would take 4 TiB. */
export async function writeVastNet(path: string): Promise<void> {
  const graph = new GraphBuilder('vast');
  const picture = graph.input('x', 'float32', [1, 3, 320, 320]);
  const greatest = graph.op('ReduceMax', [picture], { keepdims: 1 });
  const shape = graph.integers([1, 1, 2 ** 20, 2 ** 20]);
  graph.output('y', graph.op('Expand', [greatest, shape]), 'float32', [1, 1, 'height', 'width']);
  await writeFile(path, graph.build());
}

/** Of two runs of samples, in their levels. */
export function difference(a: Uint8Array, b: Uint8Array): { mean: number; max: number } {
  if (a.length !== b.length) throw new Error(`${a.length} samples cannot be compared with ${b.length}.`);
  let sum = 0;
  let max = 0;
  for (const [index, value] of a.entries()) {
    const distance = Math.abs(value - (b[index] ?? 0));
    sum += distance;
    max = Math.max(max, distance);
  }
  return { mean: sum / a.length, max };
}
