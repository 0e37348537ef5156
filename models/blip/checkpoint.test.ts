import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { builtInModels } from '../library.ts';
import { openCheckpoint } from './checkpoint.ts';

const words = 'text_decoder.bert.embeddings.word_embeddings.weight';
const output = 'text_decoder.cls.predictions.decoder.weight';

/** The built-in checkpoint with one of its tensors' names gone from the header. */
async function checkpointWithout(name: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'spillway-checkpoint-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  await cp(builtInModels.caption.path, directory, { recursive: true });
  const path = join(directory, 'model.safetensors');
  const file = await readFile(path);
  // As long as before, so that nothing else moves: other names are ignored.
  const other = name.replace(/^./, '_');
  await writeFile(path, file.toString('latin1').replace(`"${name}"`, `"${other}"`), 'latin1');
  return directory;
}

test.for([words, output])('word embeddings and output layer share one matrix: without %s', async (name) => {
  const { weights } = await openCheckpoint(await checkpointWithout(name));
  expect(weights.tensors.get(words)).toBeDefined();
  expect(weights.tensors.get(words)).toEqual(weights.tensors.get(output));
});
