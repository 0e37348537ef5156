import { manifestOf, type OperationName } from '@spillway/core/operations.ts';
import { knownOperations, offerFor } from '../operations/known-operations.ts';
import { fieldsOf, optionLabel } from '../options/fields.ts';
import { summaryOf } from '../options/option-words.ts';
import type { OptionProblems } from '../options/problems.ts';
import type { Selection } from '../options/selection.ts';
import { Icon, OperationIcon } from './Icon.tsx';
import { OptionsForm } from './OptionsForm.tsx';

/** Every operation of the registry as a choice, with its options. */
export function OperationPicker({ selection }: { selection: Selection }) {
  return (
    <fieldset class="operations">
      <legend>What to make</legend>
      {knownOperations.value.map((name) => (
        <Operation key={name} name={name} selection={selection} />
      ))}
    </fieldset>
  );
}

function Operation({ name, selection }: { name: OperationName; selection: Selection }) {
  const { label, description } = manifestOf(name).words;
  const fields = fieldsOf(name);
  const values: Record<string, unknown> = selection.options.value[name] ?? {};
  const problems = selection.problems.value[name] ?? {};
  const on = selection.chosen.value.includes(name);
  const offer = offerFor(name);
  const classes = ['operation', on && 'chosen', !offer.available && 'not-offered'];
  return (
    <div class={classes.filter(Boolean).join(' ')}>
      <label class="operation-choice">
        <input
          type="checkbox"
          checked={on}
          // What is chosen already can be left out.
          disabled={!offer.available && !on}
          aria-describedby={`${name}-description ${name}-offer`}
          onChange={(event) => selection.toggle(name, event.currentTarget.checked)}
        />
        <span class="operation-label">{label}</span>
        <OperationIcon operation={name} />
      </label>
      <p class="operation-description" id={`${name}-description`}>
        {description}
      </p>
      <p class="operation-offer" id={`${name}-offer`}>
        {!offer.available && notOfferedWords(on)}
      </p>
      {on && fields.length > 0 && (
        <details class="operation-options">
          <summary>
            <Icon name="more" />
            <span>Options</span>
            <span class="operation-summary">
              {firstProblem(problems) ?? <span class="quiet-summary">{summaryOf(fields, values)}</span>}
            </span>
          </summary>
          <OptionsForm
            prefix={name}
            fields={fields}
            values={values}
            offered={{ model: offer.models }}
            problems={problems}
            onChange={(key, value) => selection.setOption(name, key, value)}
          />
        </details>
      )}
    </div>
  );
}

function notOfferedWords(isChosen: boolean): string {
  return isChosen
    ? 'No worker can do this at the moment. Pictures wait until one comes.'
    : 'No worker can do this at the moment.';
}

/** The problem, in place of the summary, because the field itself may be folded away. */
function firstProblem(problems: OptionProblems) {
  const [first] = Object.entries(problems);
  if (!first) return null;
  const [key, words] = first;
  return (
    <span class="summary-problem">
      {optionLabel(key)} {words}
    </span>
  );
}
