/** Where frames come from: the browser, or a test. */
export interface FrameClock {
  requestFrame(run: () => void): void;
}

/** Milliseconds after which a frame that has not come is not waited for: a hidden page has none. */
const longestFrame = 500;
/** A browser may slow down the timers of a hidden page to one a minute: more items than this are not held back. */
const mostGathered = 1_000;

/** Draws with the display, or a little later where there is none. */
export const displayClock: FrameClock = {
  requestFrame(run) {
    // The page may be hidden between the request and its frame, so that only the timer is sure.
    const timer = setTimeout(() => {
      cancelAnimationFrame(frame);
      run();
    }, longestFrame);
    const frame = requestAnimationFrame(() => {
      clearTimeout(timer);
      run();
    });
  },
};

/**
 * Gathers items and hands them over once a frame: a burst of events costs one update, not one each. A page that draws
 * no frames holds no more than `mostGathered` of them.
 */
export function createFrameBatch<Item>(
  apply: (items: Item[]) => void,
  clock: FrameClock = displayClock,
): (item: Item) => void {
  let gathered: Item[] = [];
  let requested = false;

  function handOver(): void {
    const items = gathered;
    gathered = [];
    if (items.length > 0) apply(items);
  }

  return (item) => {
    gathered.push(item);
    if (gathered.length >= mostGathered) handOver();
    if (requested) return;
    requested = true;
    clock.requestFrame(() => {
      requested = false;
      handOver();
    });
  };
}
