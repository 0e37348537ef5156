import {
  defaultRangeExtractor,
  measureElement,
  observeWindowOffset,
  observeWindowRect,
  type Range,
  type VirtualItem,
  Virtualizer,
  type VirtualizerOptions,
  windowScroll,
} from '@tanstack/virtual-core';
import type { RefObject } from 'preact';
import { useLayoutEffect, useReducer, useRef, useState } from 'preact/hooks';

/** The rows that are in the document: those in the window, some around it, and the one with the keyboard's focus. */
export interface VirtualRows {
  /** Pixels of all rows together. */
  height: number;
  shown: readonly (VirtualItem & { top: number })[];
  /** For the `ref` of every shown row, which names its place in `data-index`. */
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

/** Rows beyond the window's edge, so that a quick turn of the wheel and the next Tab find them there. */
const overscan = 3;

/** A list of any length in the window's own scroll, of which only what can be seen is in the document. */
export function useVirtualRows({ list, keys, estimate, drawnFor }: VirtualRowsOptions): VirtualRows {
  const [, draw] = useReducer((count: number) => count + 1, 0);
  const focused = useRef<string | null>(null);
  const [margin, setMargin] = useState(0);
  const options: VirtualizerOptions<Window, HTMLElement> = {
    count: keys.length,
    getScrollElement: () => (typeof window === 'undefined' ? null : window),
    estimateSize: estimate,
    getItemKey: (index) => keys[index] ?? index,
    observeElementRect: observeWindowRect,
    observeElementOffset: observeWindowOffset,
    scrollToFn: windowScroll,
    measureElement,
    overscan,
    scrollMargin: margin,
    rangeExtractor: (range) =>
      withFocused(range, focused.current === null ? -1 : keys.indexOf(focused.current)),
    onChange: () => draw(0),
  };
  const [virtualizer] = useState(() => new Virtualizer(options));
  virtualizer.setOptions(options);
  useLayoutEffect(() => virtualizer._didMount(), [virtualizer]);
  useLayoutEffect(() => virtualizer.measure(), [virtualizer, drawnFor]);
  useLayoutEffect(() => virtualizer._willUpdate());
  useLayoutEffect(() => {
    const look = () => {
      const top = list.current?.getBoundingClientRect().top;
      if (top !== undefined) setMargin(Math.round(top + scrollY));
    };
    // What is above the list changes its place, and then the height of the page.
    const observer = new ResizeObserver(look);
    observer.observe(document.body);
    return () => observer.disconnect();
  }, [list]);
  useLayoutEffect(() => {
    const element = list.current;
    if (!element) return;
    const controller = new AbortController();
    const { signal } = controller;
    const follow = ({ target }: FocusEvent) => {
      const row = target instanceof Element ? target.closest<HTMLElement>('[data-row]') : null;
      focused.current = row?.dataset.row ?? null;
    };
    element.addEventListener('focusin', follow, { signal });
    element.addEventListener('focusout', () => (focused.current = null), { signal });
    return () => controller.abort();
  }, [list]);
  return {
    height: virtualizer.getTotalSize(),
    shown: virtualizer.getVirtualItems().map((item) => ({ ...item, top: item.start - margin })),
    measure: virtualizer.measureElement,
  };
}

function withFocused(range: Range, focused: number): number[] {
  const shown = defaultRangeExtractor(range);
  if (focused < 0 || shown.includes(focused)) return shown;
  return [...shown, focused].sort((a, b) => a - b);
}
