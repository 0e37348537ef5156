import type { RefObject } from 'preact';
import { useLayoutEffect, useMemo, useReducer, useRef } from 'preact/hooks';
import { placeRows, type RowPlaces, rowsIn } from './row-places.ts';

/** The rows that are in the document: those in the window, some around it, and the one with the keyboard's focus. */
export interface VirtualRows {
  /** Pixels of all rows together. */
  height: number;
  shown: readonly { key: string; index: number; top: number }[];
  /** For the `ref` of every shown row, which has its key in `data-row`. */
  measure(row: HTMLElement | null): void;
}

interface VirtualRowsOptions {
  /** The element around the rows. */
  list: RefObject<HTMLElement>;
  keys: readonly string[];
  /** Pixels of a row that has not been drawn. */
  estimate(index: number): number;
  /** What the height of a drawn row depends on: rows are measured again when it changes. */
  drawnFor: unknown;
}

/** Pixels beyond the window's edges: a quick turn of the wheel and the next Tab find their rows there. */
const around = 1_000;

/**
 * A list of any length in the window's own scroll, of which only what can be seen is in the document. What is seen stays
 * where it is when rows above it come, go or change their height.
 */
export function useVirtualRows({ list, keys, estimate, drawnFor }: VirtualRowsOptions): VirtualRows {
  const [, draw] = useReducer((count: number) => count + 1, 0);
  const focused = useRef('');
  // Heights are worth nothing once rows are drawn otherwise.
  const heights = useMemo(() => new Map<string, number>(), [drawnFor]);
  const places = placeRows(keys.map((key, index) => heights.get(key) ?? estimate(index)));
  const scrolled = Math.max(0, -(list.current?.getBoundingClientRect().top ?? 0));
  useKeptPlace({ keys, places }, scrolled);

  useLayoutEffect(() => {
    const controller = new AbortController();
    const { signal } = controller;
    addEventListener('scroll', () => draw(0), { signal, passive: true });
    addEventListener('resize', () => draw(0), { signal });
    list.current?.addEventListener('focusin', ({ target }) => (focused.current = keyOf(target)), { signal });
    list.current?.addEventListener('focusout', () => (focused.current = ''), { signal });
    return () => controller.abort();
  }, [list]);

  // A row that has kept its height is not reported again.
  useLayoutEffect(() => {
    for (const row of list.current?.querySelectorAll<HTMLElement>('[data-row]') ?? []) {
      heights.set(keyOf(row), row.offsetHeight);
    }
    draw(0);
  }, [list, heights]);

  const measure = useHeights(heights, () => draw(0));
  const windowHeight = typeof window === 'undefined' ? 0 : innerHeight;
  const { first, last } = rowsIn(places, scrolled - around, scrolled + windowHeight + around);
  const rows = keys.map((key, index) => ({ key, index, top: places.tops[index] ?? 0 }));
  return {
    height: places.height,
    // In the order of the list, which is the order of the Tab key.
    shown: rows.filter(({ key, index }) => (index >= first && index <= last) || key === focused.current),
    measure,
  };
}

interface PlacedRows {
  keys: readonly string[];
  places: RowPlaces;
}

/** Scrolls along when the first row in the window gets another place. At the list's beginning nothing is kept. */
function useKeptPlace(rows: PlacedRows, scrolled: number): void {
  const before = useRef(rows);
  const { keys, places } = before.current;
  const { first } = rowsIn(places, scrolled, scrolled);
  const next = scrolled > 0 && first >= 0 ? rows.keys.indexOf(keys[first] ?? '') : -1;
  const moved = next < 0 ? 0 : (rows.places.tops[next] ?? 0) - (places.tops[first] ?? 0);
  before.current = rows;
  useLayoutEffect(() => {
    if (moved !== 0) scrollBy(0, moved);
  });
}

/** A `ref` for rows that keeps their heights in a map, and says when one has changed. */
function useHeights(heights: Map<string, number>, onChange: () => void): (row: HTMLElement | null) => void {
  const current = useRef({ heights, onChange });
  current.current = { heights, onChange };
  return useMemo(() => {
    if (typeof window === 'undefined') return () => {};
    const observer = new ResizeObserver((entries) => {
      const changed = entries.filter(({ target, borderBoxSize }) => {
        const height = Math.round(borderBoxSize[0]?.blockSize ?? 0);
        if (height === 0 || current.current.heights.get(keyOf(target)) === height) return false;
        current.current.heights.set(keyOf(target), height);
        return true;
      });
      if (changed.length > 0) current.current.onChange();
    });
    // What has left the document is reported once more, without a height, and then forgotten by the browser.
    return (row: HTMLElement | null) => {
      if (row) observer.observe(row);
    };
  }, []);
}

function keyOf(target: EventTarget | null): string {
  const row = target instanceof Element ? target.closest<HTMLElement>('[data-row]') : null;
  return row?.dataset.row ?? '';
}
