import { useEffect, useRef } from 'preact/hooks';
import type { StageState } from './stage-state.ts';

interface CompareHandleProps {
  state: StageState;
  left: string;
  right: string;
}

/**
 * The line between two versions. The pointer drags its grip, so that the picture beneath can be moved; keys and assistive
 * technology have the range input that is drawn as the grip.
 */
export function CompareHandle({ state, left, right }: CompareHandleProps) {
  const line = useRef<HTMLDivElement>(null);
  useEffect(() => (line.current ? dragLine(line.current, state) : undefined), [state]);
  const split = Math.round(state.split.value);
  return (
    <>
      <div ref={line} class="wb-line">
        <input
          class="wb-split"
          type="range"
          min="0"
          max="100"
          value={split}
          aria-label={`Compare ${left} with ${right}`}
          aria-valuetext={`${split} % ${left}`}
          onInput={(event) => {
            state.split.value = event.currentTarget.valueAsNumber;
          }}
        />
        <span class="wb-grip" aria-hidden="true" />
      </div>
      <span class="wb-tag left" aria-hidden="true">
        {left}
      </span>
      <span class="wb-tag right" aria-hidden="true">
        {right}
      </span>
    </>
  );
}

/** Moves the line with the pointer that holds it. Returns a function that ends it. */
function dragLine(line: HTMLElement, { split }: StageState): () => void {
  const ending = new AbortController();
  const { signal } = ending;
  let held: number | null = null;
  line.addEventListener(
    'pointerdown',
    (event) => {
      if (event.button !== 0) return;
      // Neither does the picture move, nor the range input by its own idea of where it is.
      event.stopPropagation();
      event.preventDefault();
      line.setPointerCapture(event.pointerId);
      line.querySelector('input')?.focus({ preventScroll: true });
      held = event.pointerId;
    },
    { signal },
  );
  line.addEventListener(
    'pointermove',
    (event) => {
      const stage = line.parentElement;
      if (held !== event.pointerId || !stage) return;
      const { left, width } = stage.getBoundingClientRect();
      split.value = Math.min(100, Math.max(0, ((event.clientX - left) / width) * 100));
    },
    { signal },
  );
  const release = () => {
    held = null;
  };
  line.addEventListener('pointerup', release, { signal });
  line.addEventListener('pointercancel', release, { signal });
  line.addEventListener('dblclick', (event) => event.stopPropagation(), { signal });
  return () => ending.abort();
}
