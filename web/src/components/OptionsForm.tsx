import type { OptionField } from '../options/fields.ts';

interface OptionsFormProps {
  /** Sets the ids of this form's controls apart from other forms'. */
  prefix: string;
  fields: OptionField[];
  values: Record<string, unknown>;
  onChange(key: string, value: unknown): void;
}

/** A form for the options of one operation. */
export function OptionsForm({ prefix, fields, values, onChange }: OptionsFormProps) {
  return (
    <div class="options-form">
      {fields.map((field) => {
        const id = `${prefix}-${field.key}`;
        const hintId = field.hint ? `${id}-hint` : undefined;
        const value = values[field.key] ?? field.initial;
        return (
          <div class="option" key={field.key}>
            <label for={id}>
              {field.label}
              {field.kind === 'range' && <output for={id}>{String(value)}</output>}
            </label>
            <OptionControl
              id={id}
              hintId={hintId}
              field={field}
              value={value}
              onChange={(next) => onChange(field.key, next)}
            />
            {field.hint && (
              <p class="option-hint" id={hintId}>
                {field.hint}
              </p>
            )}
          </div>
        );
      })}
    </div>
  );
}

interface OptionControlProps {
  id: string;
  hintId: string | undefined;
  field: OptionField;
  value: unknown;
  onChange(value: unknown): void;
}

function OptionControl({ id, hintId, field, value, onChange }: OptionControlProps) {
  const common = { id, 'aria-describedby': hintId };
  switch (field.kind) {
    case 'choice':
      return (
        <select {...common} value={String(value)} onChange={(event) => onChange(event.currentTarget.value)}>
          {field.choices.map((choice) => (
            <option key={choice} value={choice}>
              {choice}
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
          value={Number(value)}
          onChange={(event) => {
            const next = event.currentTarget.valueAsNumber;
            onChange(Number.isNaN(next) ? field.initial : next);
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
          value={String(value)}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      );
    default:
      return field satisfies never;
  }
}
