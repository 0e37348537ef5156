import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

/** What GrabCut knows of a pixel before it starts: OpenCV's `GC_BGD`, `GC_FGD`, `GC_PR_BGD` and `GC_PR_FGD`. */
export const certainties = {
  background: 0,
  foreground: 1,
  likelyBackground: 2,
  likelyForeground: 3,
} as const;

export interface GrabCutRequest {
  /** Of the square picture, in pixels. */
  side: number;
  /** RGB, 8 bits. */
  colours: Uint8Array;
  /** One of `certainties` a pixel. */
  certainty: Uint8Array;
  iterations: number;
  /** Sigma in pixels of the blur of `soft`. */
  feather: number;
}

export type GrabCutAnswer =
  | {
      kind: 'cut';
      /** 1 where a pixel belongs to the foreground, else 0. */
      inside: Uint8Array;
      /** The same, blurred. */
      soft: Float32Array;
    }
  /** OpenCV gave up, as it does for colours that have no spread. */
  | { kind: 'failed'; detail: string };

/**
 * Limit of processor time for one cut, in milliseconds: about twenty times what photographs need. The minimum cut has
 * no other bound: if nothing distinguishes the two sides, it may take more than a minute. It is processor time, so that
 * the result does not depend on how busy the machine is.
 */
const processorLimitMs = 4_000;
const lookEveryMs = 100;
/** A thread without a cut for this long is ended. Milliseconds. */
const usualIdleMs = 20_000;

/** OpenCV's GrabCut (Rother, Kolmogorov and Blake, 2004) in a thread of its own. */
export interface GrabCut {
  /** Starts the thread, so that it loads OpenCV while something else is done. */
  prepare(): void;
  /**
   * Cuts one picture. Call it only when the cut before has ended. A cut that exceeds the limit ends its thread.
   * @param limitMs Processor time, milliseconds.
   * @throws Error if OpenCV cannot be loaded.
   */
  cut(request: GrabCutRequest, limitMs?: number): Promise<GrabCutAnswer | { kind: 'too_long' }>;
}

/**
 * OpenCV takes 95 MB, and a third of a second to load. So its thread stays while pictures come, and ends after a pause: the
 * next picture's net runs while it loads again.
 */
export function createGrabCut(idleMs = usualIdleMs): GrabCut {
  let thread: Promise<Worker> | null = null;
  let idle: NodeJS.Timeout | undefined;

  /** A thread in which OpenCV is loaded: loading does not count as work on a picture. */
  function ready(): Promise<Worker> {
    clearTimeout(idle);
    thread ??= start();
    return thread;
  }

  function rest(worker: Worker): void {
    clearTimeout(idle);
    idle = setTimeout(() => void end(worker), idleMs).unref();
  }

  async function start(): Promise<Worker> {
    const worker = new Worker(new URL('./grab-cut-worker.ts', import.meta.url), { execArgv: [] });
    try {
      await once(worker, 'message');
    } catch (error) {
      await end(worker);
      throw error;
    }
    worker.unref();
    return worker;
  }

  async function end(worker: Worker): Promise<void> {
    clearTimeout(idle);
    thread = null;
    await worker.terminate();
  }

  return {
    prepare() {
      // The cut that follows reports a failure. It may never come.
      ready().then(rest, () => {});
    },
    async cut(request, limitMs = processorLimitMs) {
      const worker = await ready();
      // What `prepare` has set.
      clearTimeout(idle);
      const settled = new AbortController();
      const { signal } = settled;
      worker.ref();
      try {
        const before = await processorMs(worker);
        const answer = once(worker, 'message', { signal }).then(([message]) => message as GrabCutAnswer);
        const limit = overLimit(worker, before + limitMs, signal);
        answer.catch(() => {});
        limit.catch(() => {});
        worker.postMessage(request);
        const first = await Promise.race([answer, limit]);
        if (first.kind === 'too_long') await end(worker);
        else rest(worker);
        return first;
      } catch (error) {
        await end(worker);
        throw error;
      } finally {
        settled.abort();
        worker.unref();
      }
    },
  };
}

function overLimit(worker: Worker, limitMs: number, signal: AbortSignal): Promise<{ kind: 'too_long' }> {
  return new Promise((resolve, reject) => {
    const timer = setInterval(async () => {
      try {
        if ((await processorMs(worker)) > limitMs) resolve({ kind: 'too_long' });
      } catch (error) {
        reject(error);
      }
    }, lookEveryMs);
    signal.addEventListener('abort', () => clearInterval(timer));
  });
}

async function processorMs(worker: Worker): Promise<number> {
  const { user, system } = await worker.cpuUsage();
  return (user + system) / 1_000;
}
