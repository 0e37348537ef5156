import { parentPort } from 'node:worker_threads';
import type { GrabCutAnswer, GrabCutRequest } from './grab-cut.ts';
import { loadOpenCv } from './opencv.ts';

/*
 * The thread in which OpenCV runs. WebAssembly cannot be interrupted, but its thread can be ended.
 */

const { cv } = await loadOpenCv();
parentPort?.on('message', (request: GrabCutRequest) => parentPort?.postMessage(answer(request)));
parentPort?.postMessage('ready');

function answer(request: GrabCutRequest): GrabCutAnswer {
  try {
    return { kind: 'cut', ...cut(request) };
  } catch (error) {
    // OpenCV throws the address of its exception: the colours failed an assertion.
    return { kind: 'failed', detail: String(error) };
  }
}

function cut({ side, colours, certainty, iterations, feather }: GrabCutRequest) {
  const mats: { delete(): void }[] = [];
  // Only `delete` frees memory of WebAssembly.
  const owned = <Mat extends { delete(): void }>(mat: Mat): Mat => {
    mats.push(mat);
    return mat;
  };
  try {
    const picture = owned(new cv.Mat(side, side, cv.CV_8UC3));
    const labels = owned(new cv.Mat(side, side, cv.CV_8UC1));
    picture.data.set(colours);
    labels.data.set(certainty);
    // A fixed seed for its first guess at the colours, so that the same picture gives the same mask.
    cv.setRNGSeed(0);
    const [background, foreground] = [owned(new cv.Mat()), owned(new cv.Mat())];
    const nowhere = new cv.Rect(0, 0, 1, 1);
    cv.grabCut(picture, labels, nowhere, background, foreground, iterations, cv.GC_INIT_WITH_MASK);
    const soft = owned(new cv.Mat(side, side, cv.CV_32FC1));
    // Labels are odd for foreground, sure or probable.
    const inside = labels.data.map((label) => label & 1);
    soft.data32F.set(inside);
    cv.GaussianBlur(soft, soft, new cv.Size(0, 0), feather);
    return { inside, soft: soft.data32F.slice() };
  } finally {
    for (const mat of mats) mat.delete();
  }
}
