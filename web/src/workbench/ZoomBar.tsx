import { type StageState, zoomStep } from './stage-state.ts';

/** Buttons for what wheel, fingers and keys do. */
export function ZoomBar({ state }: { state: StageState }) {
  return (
    <div class="wb-zoom" role="toolbar" aria-label="Zoom">
      <button
        type="button"
        class="button quiet square"
        aria-label="Zoom out"
        onClick={() => state.zoomBy(1 / zoomStep)}
      >
        −
      </button>
      <output class="wb-percent" aria-label="Zoom">
        {state.percent.value} %
      </output>
      <button
        type="button"
        class="button quiet square"
        aria-label="Zoom in"
        onClick={() => state.zoomBy(zoomStep)}
      >
        +
      </button>
      <button
        type="button"
        class="button quiet"
        aria-pressed={state.isFitted.value}
        onClick={() => state.fit()}
      >
        Fit
      </button>
      <button
        type="button"
        class="button quiet"
        aria-pressed={state.percent.value === 100}
        onClick={() => state.showFullSize()}
      >
        100 %
      </button>
    </div>
  );
}
