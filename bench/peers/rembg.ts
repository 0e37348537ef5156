import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { findPython, installInstructions, startPython } from './python-peer.ts';

export interface RembgRequest {
  /** Path of the ONNX file. */
  model: string;
  /** Path of the picture. */
  input: string;
  /** Path of the cut-out, a PNG. */
  output: string;
  threads: number;
  /** rembg's default is premultiplied. */
  edges: 'premultiplied' | 'straight';
  /** Path of the mask, which is written after the timing; null for none. */
  mask: string | null;
}

export interface RembgAnswer {
  /** Milliseconds from the input file to the written PNG. */
  ms: number;
  /** Part of `ms`: the ONNX session. */
  inferenceMs: number;
  /** Size of the output. */
  bytes: number;
}

/** A warm Python process with rembg, or with Pillow, numpy and onnxruntime, loaded. */
export interface RembgPeer {
  /** `rembg` is null if the package is not installed and its path is run as written for this benchmark. */
  versions: { rembg: string | null; pillow: string; onnxruntime: string; numpy: string };
  /** The first request for a model also loads it. Its time excludes that. */
  cutOut(request: RembgRequest): Promise<RembgAnswer>;
  close(): void;
}

const modelScript = fileURLToPath(new URL('./rembg_random_model.py', import.meta.url));

export const rembgInstructions = installInstructions("'rembg[cpu]' onnx");

function rembgPython(): string | null {
  return findPython('PIL, numpy, onnxruntime, onnx');
}

/**
 * Starts rembg if it is installed, else its path as written from its description. Null if no Python with the needed
 * packages is found.
 */
export async function startRembgPeer(): Promise<RembgPeer | null> {
  const python = rembgPython();
  if (!python) return null;
  const script = findPython('rembg') ? 'rembg_package.py' : 'rembg_steps.py';
  const peer = await startPython<RembgPeer['versions']>(python, script);
  return {
    versions: peer.hello,
    cutOut: (request) => peer.ask<RembgAnswer>(request),
    close: peer.close,
  };
}

/**
 * Writes an ONNX file of U^2-Netp's size and structure with random weights (1.13 million, 4.5 MB). False if no Python
 * with onnx is found.
 */
export function writeRandomModel(path: string, seed = 1): boolean {
  const python = rembgPython();
  if (!python) return false;
  execFileSync(python, [modelScript, path, '--seed', String(seed)]);
  return true;
}
