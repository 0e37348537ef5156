import type { Watch } from '../ports/jobs.ts';
import type { Database } from './database.ts';

/** What somebody watches. */
interface Look<Found> {
  /** Reads what has changed since it was called before; at first, what is there. It runs within a snapshot. */
  look: () => Found;
  onFound: (found: Found) => void;
  /** The watch has ended. */
  onError: (error: Error) => void;
}

/** Looks now and after each change of the database, once at a time. */
export function watchDatabase<Found>(
  database: Database,
  what: string,
  { look, onFound, onError }: Look<Found>,
): Watch {
  let isLooking = false;
  let looksAgain = false;
  let isStopped = false;
  const stopListening = database.changes.listen(begin);
  begin();
  return { stop };

  function begin(): void {
    looksAgain = isLooking;
    if (!isLooking && !isStopped) void lookOnce();
  }

  async function lookOnce(): Promise<void> {
    isLooking = true;
    try {
      const found = await database.snapshot(what, look);
      if (!isStopped) onFound(found);
    } catch (error) {
      if (isStopped) return;
      stop();
      onError(error instanceof Error ? error : new Error(String(error)));
    } finally {
      isLooking = false;
    }
    if (looksAgain) begin();
  }

  function stop(): void {
    isStopped = true;
    stopListening();
  }
}
