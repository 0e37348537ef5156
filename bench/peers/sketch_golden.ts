import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { asSharp, drawScene } from '../../processing/testing/drawings.ts';

/**
 * Makes the golden sketches that `processing/operations/sketch.test.ts` compares with: OpenCV's, of a drawn scene.
 * Usage: node bench/peers/sketch_golden.ts <python with opencv-python-headless>
 */
const python = process.argv[2] ?? 'python3';
const script = fileURLToPath(new URL('./sketch_opencv.py', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'sketch-golden-'));
const scene = join(folder, 'scene.png');
await asSharp(drawScene(160, 120)).png().toFile(scene);
for (const kernel of [3, 7, 21, 51]) {
  const target = new URL(`../../processing/testing/golden/sketch-${kernel}.png`, import.meta.url);
  execFileSync(python, [script, 'golden', scene, fileURLToPath(target), String(kernel)]);
}
rmSync(folder, { recursive: true });
