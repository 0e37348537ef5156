import { asSentence } from '../format/issue-words.ts';
import type { OptionField } from '../options/fields.ts';
import { changesIn } from '../options/option-words.ts';
import type { OptionProblems } from '../options/problems.ts';
import { Icon } from './Icon.tsx';
import { OptionControl } from './OptionControl.tsx';

interface OptionsFormProps {
  /** Prefix of the controls' ids, which keeps them different from other forms'. */
  prefix: string;
  fields: OptionField[];
  values: Record<string, unknown>;
  problems: OptionProblems;
  /** By option, the choices that can be served at the moment; null or missing where all of them can. */
  offered: Record<string, readonly string[] | null>;
  onChange(key: string, value: unknown): void;
}

/** A form for the options of one operation. Advanced options are folded away. */
export function OptionsForm(props: OptionsFormProps) {
  const plain = props.fields.filter((field) => !field.advanced);
  const advanced = props.fields.filter((field) => field.advanced);
  return (
    <div class="options-form">
      {plain.map((field) => (
        <Option key={field.key} field={field} form={props} />
      ))}
      {advanced.length > 0 && (
        <details class="more-options">
          <summary>
            <Icon name="more" />
            <span>More options</span>
            <span class="more-summary">
              {advanced.some(({ key }) => props.problems[key] !== undefined) ? (
                <span class="summary-problem">not valid</span>
              ) : (
                <span class="quiet-summary">{changesIn(advanced, props.values)}</span>
              )}
            </span>
          </summary>
          <div class="options-form">
            {advanced.map((field) => (
              <Option key={field.key} field={field} form={props} />
            ))}
          </div>
        </details>
      )}
    </div>
  );
}

function Option({ field, form }: { field: OptionField; form: OptionsFormProps }) {
  const id = `${form.prefix}-${field.key}`;
  const value = form.values[field.key] === undefined ? field.initial : form.values[field.key];
  const problem = form.problems[field.key];
  const control = (
    <OptionControl
      id={id}
      described={`${id}-problem${field.hint ? ` ${id}-hint` : ''}`}
      invalid={problem !== undefined}
      field={field}
      offered={form.offered[field.key] ?? null}
      value={value}
      onChange={(next) => form.onChange(field.key, next)}
    />
  );
  return (
    <div class={`option ${field.kind}`}>
      {field.kind === 'colour' ? (
        <span class="option-label" id={`${id}-label`}>
          {field.label}
        </span>
      ) : (
        <label class="option-label" for={id}>
          {field.kind === 'switch' && control}
          {field.label}
          {field.kind === 'range' && <output for={id}>{String(value)}</output>}
        </label>
      )}
      {field.kind !== 'switch' && control}
      <p class="option-problem" id={`${id}-problem`} aria-live="polite">
        {problem && asSentence(problem)}
      </p>
      {form.offered[field.key] && <p class="option-hint">Greyed choices are not available at the moment.</p>}
      {field.hint && (
        <p class="option-hint" id={`${id}-hint`}>
          {field.hint}
        </p>
      )}
    </div>
  );
}
