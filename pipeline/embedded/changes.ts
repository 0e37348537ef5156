import { type FSWatcher, watch } from 'node:fs';
import type { StatementSync } from 'node:sqlite';

/** Listeners are called no more often than this, in milliseconds, however much is written. */
const pauseMs = 5;
/** What the file system did not tell of is found within this time, in milliseconds. */
const lookEveryMs = 500;

/** Tells when the database has changed, whichever process has changed it. */
export interface Changes {
  /**
   * Calls `listener` some milliseconds after each change; changes that follow each other closely are told as one. The
   * function that it returns ends that.
   */
  listen(listener: () => void): () => void;
  /** This process has committed. */
  committed(): void;
  close(): void;
}

/**
 * Every commit is appended to the write-ahead log, and the file system tells of that. The counter of the database then
 * says whether another connection has committed, so that a checkpoint is no change. A slow look at the counter is the
 * net below: some file systems tell of nothing. Nothing is watched while nobody listens.
 *
 * @param dataVersion `PRAGMA data_version`, which changes when another connection has committed.
 * @see https://sqlite.org/pragma.html#pragma_data_version
 */
export function createChanges(path: string, dataVersion: StatementSync): Changes {
  const listeners = new Set<() => void>();
  let watcher: FSWatcher | null = null;
  let net: NodeJS.Timeout | null = null;
  let pause: NodeJS.Timeout | null = null;
  let toldAt = Number.NEGATIVE_INFINITY;
  let seen: unknown = null;
  let own = false;
  let isClosed = false;

  function look(): void {
    if (pause !== null) return;
    const restMs = toldAt + pauseMs - performance.now();
    pause = setTimeout(tell, Math.max(0, restMs));
    pause.unref();
  }

  function tell(): void {
    pause = null;
    if (listeners.size === 0) return;
    const version = currentVersion();
    const hasChanged = own || version !== seen;
    own = false;
    seen = version;
    if (!hasChanged) return;
    toldAt = performance.now();
    for (const listener of [...listeners]) if (listeners.has(listener)) listener();
  }

  /** Where it cannot be read, each look is a change: those who listen then read, and hear what is wrong. */
  function currentVersion(): unknown {
    try {
      return dataVersion.get()?.data_version;
    } catch {
      return Symbol('unknown');
    }
  }

  function begin(): void {
    seen = currentVersion();
    // A watcher may end with an error, as where the system has no more of them. The net is left then.
    watcher = watchOrNull(`${path}-wal`, look);
    net = setInterval(look, lookEveryMs);
    net.unref();
  }

  function end(): void {
    watcher?.close();
    watcher = null;
    if (net !== null) clearInterval(net);
    if (pause !== null) clearTimeout(pause);
    net = null;
    pause = null;
    own = false;
  }

  return {
    listen(listener) {
      if (isClosed) return () => {};
      // Each call is a listener of its own, even where the function is the same.
      const each = () => listener();
      if (listeners.size === 0) begin();
      listeners.add(each);
      return () => {
        if (listeners.delete(each) && listeners.size === 0) end();
      };
    },
    committed() {
      if (listeners.size === 0) return;
      own = true;
      look();
    },
    close() {
      isClosed = true;
      listeners.clear();
      end();
    },
  };
}

function watchOrNull(path: string, onChange: () => void): FSWatcher | null {
  try {
    const watcher = watch(path, { persistent: false }, onChange);
    watcher.on('error', () => watcher.close());
    return watcher;
  } catch {
    return null;
  }
}
