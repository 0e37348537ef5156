import type { Point } from './view-geometry.ts';

/** What a person does on the stage. Points are relative to it, in CSS pixels. */
export interface StageGestures {
  onZoom(point: Point, factor: number): void;
  onPan(by: Point): void;
  /** A double press at a point. */
  onToggle(point: Point): void;
}

/** The share by which a notch of a wheel (100 units) zooms, as an exponent. A pinch on a touchpad has small steps. */
const wheelRate = { notch: 0.002, pinch: 0.01 } as const;
/** Pixels of a line, for wheels that report lines. */
const linePixels = 16;

/**
 * Listens to wheel, touchpad, mouse, pen and fingers: a wheel zooms, one pointer drags, two pinch and drag together.
 * Elements within the stage that do something of their own stop their `pointerdown`.
 * @returns A function that ends it.
 */
export function listenToStage(stage: HTMLElement, gestures: StageGestures): () => void {
  const ending = new AbortController();
  const { signal } = ending;
  const pointers = new Map<number, Point>();

  const onWheel = (event: WheelEvent) => {
    event.preventDefault();
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? linePixels : 1;
    // Browsers say by the control key that fingers pinched on a touchpad.
    const rate = event.ctrlKey ? wheelRate.pinch : wheelRate.notch;
    gestures.onZoom(placeIn(stage, event), Math.exp(-event.deltaY * lines * rate));
  };
  const onDown = (event: PointerEvent) => {
    if (event.button !== 0) return;
    stage.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, placeIn(stage, event));
  };
  const onMove = (event: PointerEvent) => {
    const from = pointers.get(event.pointerId);
    if (!from) return;
    const before = spanOf(pointers);
    pointers.set(event.pointerId, placeIn(stage, event));
    const after = spanOf(pointers);
    gestures.onPan({ x: after.middle.x - before.middle.x, y: after.middle.y - before.middle.y });
    if (before.distance > 0 && after.distance > 0) {
      gestures.onZoom(after.middle, after.distance / before.distance);
    }
  };
  const onEnd = (event: PointerEvent) => pointers.delete(event.pointerId);

  stage.addEventListener('wheel', onWheel, { signal, passive: false });
  stage.addEventListener('pointerdown', onDown, { signal });
  stage.addEventListener('pointermove', onMove, { signal });
  stage.addEventListener('pointerup', onEnd, { signal });
  stage.addEventListener('pointercancel', onEnd, { signal });
  stage.addEventListener('dblclick', (event) => gestures.onToggle(placeIn(stage, event)), { signal });
  return () => ending.abort();
}

function placeIn(stage: HTMLElement, { clientX, clientY }: MouseEvent): Point {
  const { left, top } = stage.getBoundingClientRect();
  return { x: clientX - left - stage.clientLeft, y: clientY - top - stage.clientTop };
}

/** The middle of the first two pointers, and how far they are apart; 0 for one. */
function spanOf(pointers: ReadonlyMap<number, Point>): { middle: Point; distance: number } {
  const [first = { x: 0, y: 0 }, second] = pointers.values();
  if (!second) return { middle: first, distance: 0 };
  return {
    middle: { x: (first.x + second.x) / 2, y: (first.y + second.y) / 2 },
    distance: Math.hypot(second.x - first.x, second.y - first.y),
  };
}
