/** Where time comes from: the browser, or a test. */
export interface FrameClock {
  requestFrame(run: () => void): void;
}

/** Draws with the display; a hidden page has no frames and falls back to a slow timer. */
export const displayClock: FrameClock = {
  requestFrame(run) {
    if (document.visibilityState === 'visible') requestAnimationFrame(run);
    else setTimeout(run, 500);
  },
};

/** Gathers items and hands them over once a frame: a burst of events costs one update, not one each. */
export function createFrameBatch<Item>(
  apply: (items: Item[]) => void,
  clock: FrameClock = displayClock,
): (item: Item) => void {
  let gathered: Item[] = [];
  return (item) => {
    gathered.push(item);
    if (gathered.length > 1) return;
    clock.requestFrame(() => {
      const items = gathered;
      gathered = [];
      apply(items);
    });
  };
}
