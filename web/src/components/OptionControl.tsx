import type { OptionField } from '../options/fields.ts';
import { choiceLabel } from '../options/option-words.ts';
import { ColourControl } from './ColourControl.tsx';

interface OptionControlProps {
  id: string;
  /** Ids of the elements that describe the control. */
  described: string;
  invalid: boolean;
  field: OptionField;
  /** The choices that can be served; null where all of them can. */
  offered: readonly string[] | null;
  value: unknown;
  onChange(value: unknown): void;
}

/** The control for one option, by the kind of its field. */
export function OptionControl({
  id,
  described,
  invalid,
  field,
  offered,
  value,
  onChange,
}: OptionControlProps) {
  const common = { id, 'aria-describedby': described, 'aria-invalid': invalid };
  switch (field.kind) {
    case 'choice':
      return (
        <select {...common} value={String(value)} onChange={(event) => onChange(event.currentTarget.value)}>
          {field.choices.map((choice) => (
            <option key={choice} value={choice} disabled={!(offered?.includes(choice) ?? true)}>
              {choiceLabel(choice)}
            </option>
          ))}
        </select>
      );
    case 'range':
      return (
        <input
          {...common}
          type="range"
          min={field.min}
          max={field.max}
          step={field.step}
          value={Number(value)}
          onInput={(event) => onChange(event.currentTarget.valueAsNumber)}
        />
      );
    case 'number':
      return (
        <input
          {...common}
          type="number"
          min={field.min ?? undefined}
          max={field.max ?? undefined}
          step={field.integer ? 1 : 'any'}
          // The browser keeps the text while somebody types. A controlled value would turn '1.50' into '1.5'.
          defaultValue={value === null ? '' : String(value)}
          onInput={(event) => {
            const next = event.currentTarget.valueAsNumber;
            onChange(Number.isNaN(next) ? null : next);
          }}
        />
      );
    case 'switch':
      return (
        <input
          {...common}
          type="checkbox"
          checked={value === true}
          onChange={(event) => onChange(event.currentTarget.checked)}
        />
      );
    case 'text':
      return (
        <input
          {...common}
          type="text"
          maxLength={field.longest ?? undefined}
          value={String(value)}
          onInput={(event) => onChange(event.currentTarget.value)}
        />
      );
    case 'colour':
      return (
        <ColourControl
          id={id}
          described={described}
          optional={field.optional}
          value={String(value)}
          onChange={onChange}
        />
      );
    default:
      return field satisfies never;
  }
}
