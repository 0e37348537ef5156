import type { RoutingField } from './routing-fields.ts';

interface RoutingControlProps {
  field: RoutingField;
  text: string;
  problem: string | null;
  onChange(text: string): void;
}

/** One setting: its label, its control, and below it what is wrong or what it means. */
export function RoutingControl({ field, text, problem, onChange }: RoutingControlProps) {
  const id = `routing-${field.path.replaceAll('.', '-')}`;
  const unit = field.kind === 'number' ? field.unit : '';
  const described = [unit && `${id}-unit`, `${id}-problem`, field.hint && `${id}-hint`];
  const common = {
    id,
    'aria-invalid': problem !== null,
    'aria-describedby': described.filter(Boolean).join(' '),
  };
  const control = controlFor(field, common, text, onChange);
  return (
    <div class={`routing-field ${field.kind}`}>
      <label for={id}>
        {field.kind === 'switch' && control}
        {field.label}
      </label>
      {field.kind === 'number' ? (
        <span class="routing-number">
          {control}
          {unit && (
            <span class="unit" id={`${id}-unit`}>
              {unit}
            </span>
          )}
        </span>
      ) : (
        field.kind !== 'switch' && control
      )}
      <p class="option-problem" id={`${id}-problem`} aria-live="polite">
        {problem}
      </p>
      {field.hint && (
        <p class="option-hint" id={`${id}-hint`}>
          {field.hint}
        </p>
      )}
    </div>
  );
}

interface CommonAttributes {
  id: string;
  'aria-invalid': boolean;
  'aria-describedby': string;
}

function controlFor(
  field: RoutingField,
  common: CommonAttributes,
  text: string,
  onChange: (text: string) => void,
) {
  switch (field.kind) {
    case 'switch':
      return (
        <input
          {...common}
          type="checkbox"
          checked={text === 'on'}
          onChange={(event) => onChange(event.currentTarget.checked ? 'on' : '')}
        />
      );
    case 'choice':
      return (
        <select {...common} value={text} onChange={(event) => onChange(event.currentTarget.value)}>
          {field.choices.map(({ value, label }) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
          {/* Set over the API: it stays unless another is chosen. */}
          {!field.choices.some(({ value }) => value === text) && (
            <option value={text}>{field.numeric ? `${text} standard deviations` : text}</option>
          )}
        </select>
      );
    case 'number':
      // A text, because a number's control loses what is not one, and a wheel that passes over it changes it.
      return (
        <input
          {...common}
          type="text"
          inputMode="decimal"
          autoComplete="off"
          maxLength={30}
          placeholder={field.placeholder}
          value={text}
          onInput={(event) => onChange(event.currentTarget.value)}
        />
      );
    default:
      return field satisfies never;
  }
}
