import { useState } from 'preact/hooks';
import type { ResultLook } from '../jobs/result-look.ts';

interface CompareSliderProps {
  name: string;
  /** What the second picture is, for people who do not see it. */
  result: string;
  before: string;
  after: string;
  look: Extract<ResultLook, { kind: 'picture' }>;
}

/**
 * Before and after on top of each other with a movable line. The control is a range input that covers the picture,
 * so that keys, touch and assistive technology work as they do everywhere.
 */
export function CompareSlider({ name, result, before, after, look }: CompareSliderProps) {
  const [split, setSplit] = useState(38);
  const [hasBefore, setHasBefore] = useState(true);
  const afterClass = look.seeThrough ? 'picture see-through' : 'picture';
  return (
    <div class="fitted" style={{ '--ratio': look.ratio }}>
      {hasBefore ? (
        <div class="compare" style={{ '--split': `${split}%` }}>
          {/* A browser that cannot show the original (HEIC) shows the result alone. */}
          <img
            class="picture compare-before"
            src={before}
            alt={`${name} before`}
            onError={() => setHasBefore(false)}
          />
          <img class={`${afterClass} compare-after`} src={after} alt={result} />
          <input
            class="compare-input"
            type="range"
            min="0"
            max="100"
            value={split}
            aria-label={`Compare ${name} before and after`}
            aria-valuetext={`${split} % original`}
            onInput={(event) => setSplit(event.currentTarget.valueAsNumber)}
          />
          <span class="compare-line" aria-hidden="true">
            <span class="compare-grip" />
          </span>
          <span class="compare-tag before" aria-hidden="true">
            Before
          </span>
          <span class="compare-tag after" aria-hidden="true">
            After
          </span>
        </div>
      ) : (
        <img class={afterClass} src={after} alt={result} />
      )}
    </div>
  );
}
