import { type OperationName, operationNames, operations } from '@spillway/core/operations.ts';
import { optionFields } from '../options/fields.ts';
import type { Selection } from '../options/selection.ts';
import { Icon } from './Icon.tsx';
import { OptionsForm } from './OptionsForm.tsx';

const fieldsOf = new Map(operationNames.map((name) => [name, optionFields(operations[name].options)]));

/** Every operation of the registry as a choice, with its options. */
export function OperationPicker({ selection }: { selection: Selection }) {
  return (
    <fieldset class="operations">
      <legend>What to make</legend>
      {operationNames.map((name) => (
        <Operation key={name} name={name} selection={selection} />
      ))}
    </fieldset>
  );
}

function Operation({ name, selection }: { name: OperationName; selection: Selection }) {
  const { label, description } = operations[name];
  const fields = fieldsOf.get(name) ?? [];
  const values: Record<string, unknown> = selection.options.value[name] ?? {};
  const on = selection.chosen.value.includes(name);
  const shown = fields.map((field) => `${field.label.toLowerCase()} ${values[field.key] ?? field.initial}`);
  return (
    <div class={on ? 'operation chosen' : 'operation'}>
      <label class="operation-choice">
        <input
          type="checkbox"
          checked={on}
          aria-describedby={`${name}-description`}
          onChange={(event) => selection.toggle(name, event.currentTarget.checked)}
        />
        <span class="operation-label">{label}</span>
      </label>
      <p class="operation-description" id={`${name}-description`}>
        {description}
      </p>
      {on && fields.length > 0 && (
        <details class="operation-options">
          <summary>
            <Icon name="more" />
            <span>Options</span>
            <span class="operation-summary">{shown.join(' · ')}</span>
          </summary>
          <OptionsForm
            prefix={name}
            fields={fields}
            values={values}
            onChange={(key, value) => selection.setOption(name, key, value)}
          />
        </details>
      )}
    </div>
  );
}
