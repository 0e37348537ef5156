import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { asSharp, drawScene } from '../../processing/testing/drawings.ts';
import { goldenSketches, goldenSketchUrl } from '../../processing/testing/golden-sketches.ts';

/**
 * Makes the golden sketches that `processing/operations/sketch.test.ts` compares with: OpenCV's, of drawn scenes.
 * Usage: node bench/peers/sketch_golden.ts <python with opencv-python-headless>
 */
const python = process.argv[2] ?? 'python3';
const script = fileURLToPath(new URL('./sketch_opencv.py', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'sketch-golden-'));
const scene = join(folder, 'scene.png');
for (const golden of goldenSketches) {
  await asSharp(drawScene(golden.width, golden.height)).png().toFile(scene);
  const target = fileURLToPath(goldenSketchUrl(golden));
  execFileSync(python, [script, 'golden', scene, target, String(golden.blur)]);
}
rmSync(folder, { recursive: true });
