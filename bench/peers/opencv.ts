import { findPython, installInstructions, startPython } from './python-peer.ts';

export interface OpencvAnswer {
  /** Milliseconds from reading the input file to the written output file. */
  ms: number;
  /** Milliseconds from `imdecode` to `imencode`, both included. */
  codecMs: number;
  /** Size of the output. */
  bytes: number;
}

/** A warm Python process with OpenCV loaded. */
export interface OpencvPeer {
  version: string;
  threads: number;
  sketch(input: string, output: string, kernel: number): Promise<OpencvAnswer>;
  close(): void;
}

export const opencvInstructions = installInstructions('opencv-python-headless numpy');

/** Starts OpenCV in Python; null if no Python with it is found. */
export async function startOpencv(): Promise<OpencvPeer | null> {
  const python = findPython('cv2, numpy');
  if (!python) return null;
  const peer = await startPython<{ opencv: string; threads: number }>(python, 'sketch_opencv.py', ['serve']);
  return {
    version: peer.hello.opencv,
    threads: peer.hello.threads,
    sketch: (input, output, kernel) => peer.ask<OpencvAnswer>({ input, output, kernel }),
    close: peer.close,
  };
}
