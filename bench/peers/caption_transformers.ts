import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { findPython, installInstructions, startPython } from './python-peer.ts';

const script = 'caption_transformers.py';

export const transformersInstructions = installInstructions(
  'torch transformers tokenizers safetensors pillow numpy --extra-index-url https://download.pytorch.org/whl/cpu',
);

/** A Python with transformers and torch; null if there is none. */
export function transformersPython(): string | null {
  return findPython('transformers, torch');
}

/**
 * Writes a checkpoint with random weights and BLIP base's sizes (1 GB) into an empty folder.
 * @throws Error if Python fails. It has printed why.
 */
export function makeBaseCheckpoint(python: string, directory: string): void {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const { status } = spawnSync(python, [path, 'make', directory], { stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) throw new Error(`${script} make ended with code ${status}.`);
}

export interface TransformersRequest {
  picture: string;
  beams: number;
  maxLength: number;
}

export interface TransformersAnswer {
  ids: number[];
  /** Milliseconds from the picture's file to the caption. */
  ms: number;
  /** Part of `ms`: the vision encoder. */
  lookMs: number;
  /** Resident memory of the process, bytes. */
  residentBytes: number;
}

/** A warm Python process with a checkpoint loaded. */
export interface TransformersPeer {
  version: string;
  threads: number;
  caption(request: TransformersRequest): Promise<TransformersAnswer>;
  close(): void;
}

/** Starts transformers beside us. */
export async function startTransformers(
  python: string,
  directory: string,
  threads: number,
): Promise<TransformersPeer> {
  const args = ['serve', directory, String(threads)];
  const peer = await startPython<{ transformers: string; threads: number }>(python, script, args);
  return {
    version: peer.hello.transformers,
    threads: peer.hello.threads,
    caption: (request) => peer.ask<TransformersAnswer>(request),
    close: peer.close,
  };
}
