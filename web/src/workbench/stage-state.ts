import { batch, computed, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import {
  atFullSize,
  fitted,
  isFitted,
  middleOf,
  type Point,
  panned,
  percentOf,
  type Room,
  refitted,
  type Size,
  type View,
  zoomed,
} from './view-geometry.ts';

/** How the picture lies on the stage, and what a person does with it. */
export interface StageState {
  /** Null until the sizes of stage and picture are known. */
  readonly view: ReadonlySignal<View | null>;
  readonly picture: ReadonlySignal<Size | null>;
  /** 100 is one pixel of the picture for each of the screen. */
  readonly percent: ReadonlySignal<number>;
  readonly isFitted: ReadonlySignal<boolean>;
  /** Where the line between the two sides is, in per cent of the stage's width. */
  readonly split: Signal<number>;
  setStage(size: Size, density: number): void;
  setPicture(size: Size | null): void;
  /** Around the middle of the stage where no point is given. */
  zoomBy(factor: number, point?: Point): void;
  panBy(by: Point): void;
  fit(): void;
  showFullSize(): void;
  /** Between the whole picture and its own pixels, around a point. */
  toggle(point: Point): void;
}

export function createStageState(): StageState {
  const stage = signal<{ size: Size; density: number } | null>(null);
  const picture = signal<Size | null>(null);
  const view = signal<View | null>(null);
  const room = computed<Room | null>(() =>
    stage.value && picture.value
      ? { stage: stage.value.size, picture: picture.value, density: stage.value.density }
      : null,
  );

  /** Changes a size, and the view with it. */
  const resize = (change: () => void) =>
    batch(() => {
      const before = room.peek();
      change();
      const after = room.peek();
      if (!after) view.value = null;
      else if (before && view.value) view.value = refitted(view.value, before, after);
      else view.value = fitted(after);
    });
  const change = (next: (view: View, room: Room) => View) => {
    if (view.value && room.value) view.value = next(view.value, room.value);
  };

  return {
    view,
    picture,
    percent: computed(() => (view.value && room.value ? percentOf(view.value, room.value) : 100)),
    isFitted: computed(() => view.value === null || room.value === null || isFitted(view.value, room.value)),
    split: signal(50),
    setStage(size, density) {
      // A stage without any room is not laid out yet.
      if (size.width > 0 && size.height > 0) resize(() => (stage.value = { size, density }));
    },
    setPicture: (size) => resize(() => (picture.value = size)),
    zoomBy: (factor, point) =>
      change((now, there) => zoomed(now, point ?? middleOf(there.stage), factor, there)),
    panBy: (by) => change((now, there) => panned(now, by, there)),
    fit: () => change((_, there) => fitted(there)),
    showFullSize: () => change(atFullSize),
    toggle: (point) =>
      change((now, there) =>
        isFitted(now, there) ? zoomed(now, point, 1 / there.density / now.scale, there) : fitted(there),
      ),
  };
}

/** How much one press zooms. */
export const zoomStep = 1.25;
