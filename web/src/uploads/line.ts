import { type ReadonlySignal, signal } from '@preact/signals';

/** Whether this page reaches the site. */
export interface Line {
  readonly state: ReadonlySignal<'up' | 'down'>;
  /** Asks the site, after a request that got no answer; resolves with what is known then. */
  check(): Promise<'up' | 'down'>;
  /** Resolves once the line is up, or the signal is aborted. */
  untilUp(signal: AbortSignal): Promise<void>;
  /** Ends it. */
  close(): void;
}

/** What of the browser the line is told by. It is a parameter for the tests. */
export interface LineSource {
  isOnline(): boolean;
  /** Calls back when the browser says that it went online or offline. Returns what ends it. */
  onChange(listener: () => void): () => void;
  /** Whether the site answers, whatever it answers. */
  probe(): Promise<boolean>;
}

const firstProbeMs = 1_000;
const lastProbeMs = 15_000;

/**
 * Knows at once when the browser goes offline, and finds out by asking when it only seems so: a network without a way out
 * leaves the browser online, and an open connection may stay silent for minutes.
 */
export function createLine(source: LineSource): Line {
  const state = signal<'up' | 'down'>(source.isOnline() ? 'up' : 'down');
  let timer: ReturnType<typeof setTimeout> | undefined;
  let probeMs = firstProbeMs;
  let asking: Promise<'up' | 'down'> | null = null;

  async function ask(): Promise<'up' | 'down'> {
    const isUp = source.isOnline() && (await source.probe());
    clearTimeout(timer);
    if (isUp) probeMs = firstProbeMs;
    else {
      timer = setTimeout(() => void check(), probeMs);
      probeMs = Math.min(lastProbeMs, probeMs * 2);
    }
    state.value = isUp ? 'up' : 'down';
    return state.value;
  }

  /** Many requests break together: they share one question. */
  function check(): Promise<'up' | 'down'> {
    asking ??= ask().finally(() => {
      asking = null;
    });
    return asking;
  }

  const stop = source.onChange(() => {
    // Offline is certain. Online is only a hope.
    if (!source.isOnline()) state.value = 'down';
    probeMs = firstProbeMs;
    void check();
  });

  return {
    state,
    check,
    untilUp(abort) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const unsubscribe = state.subscribe((now) => {
        if (now === 'up') resolve();
      });
      abort.addEventListener('abort', () => resolve(), { once: true });
      if (abort.aborted) resolve();
      return promise.finally(unsubscribe);
    },
    close() {
      clearTimeout(timer);
      stop();
    },
  };
}

const probePatienceMs = 5_000;

/** The browser's own network, and the site's address of health. */
const browserLine: LineSource = {
  isOnline: () => navigator.onLine,
  onChange(listener) {
    addEventListener('online', listener);
    addEventListener('offline', listener);
    return () => {
      removeEventListener('online', listener);
      removeEventListener('offline', listener);
    };
  },
  async probe() {
    try {
      const signal = AbortSignal.timeout(probePatienceMs);
      await fetch('/api/health', { method: 'HEAD', cache: 'no-store', signal });
      return true;
    } catch {
      return false;
    }
  },
};

let shared: Line | null = null;

/** Of a page that is being built. */
const lineOfBuild: LineSource = { isOnline: () => true, onChange: () => () => {}, probe: async () => true };

/** The line of this page. */
export function pageLine(): Line {
  shared ??= createLine(typeof document === 'undefined' ? lineOfBuild : browserLine);
  return shared;
}
