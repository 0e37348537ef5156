import { useState } from 'preact/hooks';

interface ColourControlProps {
  id: string;
  described: string;
  /** Whether no colour at all is a choice. */
  optional: boolean;
  /** `#rrggbb`, or empty. */
  value: string;
  onChange(value: string): void;
}

const firstColour = '#ffffff';

/** A colour from the browser's own picker, or none. The last colour is kept while there is none. */
export function ColourControl({ id, described, optional, value, onChange }: ColourControlProps) {
  const [colour, setColour] = useState(value || firstColour);
  const choose = (next: string) => {
    setColour(next);
    onChange(next);
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: A fieldset's legend cannot be an item of the form's grid.
    <div class="colour-control" role="group" aria-labelledby={`${id}-label`} aria-describedby={described}>
      {optional && (
        <label>
          <input type="radio" name={id} checked={value === ''} onChange={() => onChange('')} />
          Transparent
        </label>
      )}
      {optional && (
        <label>
          <input type="radio" name={id} checked={value !== ''} onChange={() => onChange(colour)} />
          Colour
        </label>
      )}
      <input
        id={id}
        type="color"
        aria-label="Colour"
        value={colour}
        onInput={(event) => choose(event.currentTarget.value)}
      />
      <code>{value}</code>
    </div>
  );
}
