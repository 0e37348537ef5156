import { useState } from 'preact/hooks';

interface CompareSliderProps {
  name: string;
  before: string;
  after: string;
}

/**
 * Before and after on top of each other with a movable line. The control is a range input that covers the picture,
 * so that keys, touch and assistive technology work as they do everywhere.
 */
export function CompareSlider({ name, before, after }: CompareSliderProps) {
  const [split, setSplit] = useState(38);
  const [hasBefore, setHasBefore] = useState(true);
  if (!hasBefore) return <img class="picture" src={after} alt={`Result of ${name}`} />;
  return (
    <div class="compare" style={{ '--split': `${split}%` }}>
      {/* A browser that cannot show the original (HEIC) shows the result alone. */}
      <img
        class="picture compare-before"
        src={before}
        alt={`${name} before`}
        onError={() => setHasBefore(false)}
      />
      <img class="picture compare-after" src={after} alt={`${name} after`} />
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
  );
}
