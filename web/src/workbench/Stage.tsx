import { effect } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { CompareHandle } from './CompareHandle.tsx';
import { listenToStage } from './stage-gestures.ts';
import { type StageState, zoomStep } from './stage-state.ts';
import { ZoomBar } from './ZoomBar.tsx';

/** What lies on one side of the line. */
export interface StageSide {
  label: string;
  seeThrough: boolean;
  content: ComponentChildren;
}

interface StageProps {
  state: StageState;
  /** What is looked at. */
  shown: StageSide;
  /** What it is compared with, on the left of the line; null where nothing is. */
  compared: StageSide | null;
  /** Left and right while the whole picture is seen, and there is nothing to move. */
  onStep(by: -1 | 1): void;
  children?: ComponentChildren;
}

/** How far a key moves the picture, in CSS pixels. */
const keyPan = 60;

/**
 * A picture that can be enlarged and moved, with a line between two of its versions. Wheel, fingers and keys do it; the
 * keys work while the stage or something within it has the focus.
 */
export function Stage({ state, shown, compared, onStep, children }: StageProps) {
  const stage = useRef<HTMLDivElement>(null);
  useEffect(() => (stage.current ? measure(stage.current, state) : undefined), [state]);
  useEffect(() => (stage.current ? place(stage.current, state) : undefined), [state]);
  useEffect(() => {
    if (!stage.current) return;
    return listenToStage(stage.current, {
      onZoom: (point, factor) => state.zoomBy(factor, point),
      onPan: state.panBy,
      onToggle: state.toggle,
    });
  }, [state]);

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) {
      // A plus is a shifted key on many keyboards.
      if (event.key !== '+' || event.ctrlKey || event.metaKey || event.altKey) return;
    }
    const onStage = event.target === stage.current;
    if (pressed(event.key, state, onStage, onStep)) event.preventDefault();
  };

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: The keys of the stage work from its buttons as well.
    <div class="wb-view" onKeyDown={onKeyDown}>
      {/* biome-ignore lint/a11y/useSemanticElements: A fieldset holds fields of a form. */}
      <div
        ref={stage}
        class="wb-stage"
        role="group"
        aria-label={`${shown.label}. Arrow keys move it, plus and minus zoom, 0 shows all of it, 1 its own pixels.`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: It is moved with keys.
        tabIndex={0}
      >
        {compared && <Side side={compared} place="left" />}
        <Side side={shown} place={compared ? 'right' : 'whole'} />
        {compared && <CompareHandle state={state} left={compared.label} right={shown.label} />}
        {children}
      </div>
      <ZoomBar state={state} />
    </div>
  );
}

function Side({
  side: { content, seeThrough },
  place,
}: {
  side: StageSide;
  place: 'left' | 'right' | 'whole';
}) {
  return (
    <div class={`wb-side ${place}`}>
      <div class={seeThrough ? 'wb-picture wb-see-through' : 'wb-picture'}>{content}</div>
    </div>
  );
}

/** What a key does. Returns false for a key that has another meaning. */
function pressed(key: string, state: StageState, onStage: boolean, onStep: (by: -1 | 1) => void): boolean {
  switch (key) {
    case '+':
    case '=':
      state.zoomBy(zoomStep);
      return true;
    case '-':
      state.zoomBy(1 / zoomStep);
      return true;
    case '0':
      state.fit();
      return true;
    case '1':
      state.showFullSize();
      return true;
    default:
      return onStage && moved(key, state, onStep);
  }
}

function moved(key: string, state: StageState, onStep: (by: -1 | 1) => void): boolean {
  const isWhole = state.isFitted.peek();
  switch (key) {
    case 'ArrowLeft':
      if (isWhole) onStep(-1);
      else state.panBy({ x: keyPan, y: 0 });
      return true;
    case 'ArrowRight':
      if (isWhole) onStep(1);
      else state.panBy({ x: -keyPan, y: 0 });
      return true;
    case 'ArrowUp':
      state.panBy({ x: 0, y: keyPan });
      return true;
    case 'ArrowDown':
      state.panBy({ x: 0, y: -keyPan });
      return true;
    default:
      return false;
  }
}

/** Tells the state how large the stage is. */
function measure(stage: HTMLElement, state: StageState): () => void {
  const observer = new ResizeObserver(() => {
    const { clientWidth: width, clientHeight: height } = stage;
    state.setStage({ width, height }, devicePixelRatio);
  });
  observer.observe(stage);
  return () => observer.disconnect();
}

/** How long after the last change a picture is drawn anew at its size. Milliseconds. */
const settlesAfterMs = 180;

/**
 * Lays the pictures where the state says, without a rendering of the page. While they move, the browser scales what it has
 * drawn already: to draw a photograph of 12 megapixels at another size takes it far longer than a frame.
 */
function place(stage: HTMLElement, { view, picture, split }: StageState): () => void {
  const { style } = stage;
  let settling: ReturnType<typeof setTimeout> | undefined;
  const stopPlacing = effect(() => {
    const size = picture.value;
    const { scale, x, y } = view.value ?? { scale: 0, x: 0, y: 0 };
    style.setProperty('--width', `${size?.width ?? 0}px`);
    style.setProperty('--height', `${size?.height ?? 0}px`);
    style.setProperty('--move', `translate(${x}px, ${y}px) scale(${scale})`);
    style.setProperty('--check', `${18 / (scale || 1)}px`);
    style.setProperty('--moving', 'transform');
    clearTimeout(settling);
    settling = setTimeout(() => style.setProperty('--moving', 'auto'), settlesAfterMs);
  });
  const stopSplitting = effect(() => style.setProperty('--split', `${split.value}%`));
  return () => {
    clearTimeout(settling);
    stopPlacing();
    stopSplitting();
  };
}
