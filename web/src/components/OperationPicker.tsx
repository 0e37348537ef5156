import { manifestOf, type OperationName } from '@spillway/core/operations.ts';
import { useEffect, useState } from 'preact/hooks';
import { knownOperations, offerFor } from '../operations/known-operations.ts';
import { fieldsOf, optionLabel } from '../options/fields.ts';
import { summaryOf } from '../options/option-words.ts';
import type { OptionProblems } from '../options/problems.ts';
import type { Selection } from '../options/selection.ts';
import { Icon, OperationIcon } from './Icon.tsx';
import type { OptionsDialogProps } from './OptionsDialog.tsx';
import { usePart } from './use-part.ts';

/**
 * Every operation of the registry as a choice of one line. What is chosen has a second button, which says its options in
 * short and opens them, so that the choices stay as small as they are.
 */
export function OperationPicker({ selection }: { selection: Selection }) {
  const [opened, setOpened] = useState<OperationName | null>(null);
  const dialog = usePart<OptionsDialogProps>(async () => (await import('./OptionsDialog.tsx')).OptionsDialog);
  const open = (name: OperationName) => {
    setOpened(name);
    dialog.load();
  };
  useEffect(() => selection.remember(localStorage), [selection]);
  return (
    <fieldset class="picker">
      <legend>What to make</legend>
      <div class="picker-choices">
        {knownOperations.value.map((name) => (
          <Choice key={name} name={name} selection={selection} onOpen={() => open(name)} />
        ))}
      </div>
      {dialog.failed && <p role="alert">The line is down. Please open the options again in a moment.</p>}
      {opened && dialog.Component && (
        <dialog.Component operation={opened} selection={selection} onClose={() => setOpened(null)} />
      )}
    </fieldset>
  );
}

interface ChoiceProps {
  name: OperationName;
  selection: Selection;
  onOpen(): void;
}

function Choice({ name, selection, onOpen }: ChoiceProps) {
  const { label, description } = manifestOf(name).words;
  const on = selection.chosen.value.includes(name);
  const { available } = offerFor(name);
  const fields = fieldsOf(name);
  const problem = firstProblem(selection.problems.value[name] ?? {});
  const summary = problem ?? summaryOf(fields, selection.options.value[name] ?? {});
  const classes = ['picker-choice', on && 'chosen', !available && 'not-offered'];
  return (
    <div class={classes.filter(Boolean).join(' ')}>
      <label class="picker-toggle" title={description}>
        <input
          type="checkbox"
          checked={on}
          // What is chosen already can be left out.
          disabled={!available && !on}
          aria-label={label}
          aria-describedby={`${name}-description ${name}-offer`}
          onChange={(event) => selection.toggle(name, event.currentTarget.checked)}
        />
        <OperationIcon operation={name} />
        <span class="picker-label">{label}</span>
        {on && fields.length > 0 && (
          <span class={problem ? 'picker-summary summary-problem' : 'picker-summary'}>{summary}</span>
        )}
      </label>
      {on && fields.length > 0 && (
        <button
          type="button"
          class="picker-options"
          aria-haspopup="dialog"
          aria-label={`Options of ${label}: ${summary}`}
          title={`Options of ${label}`}
          onClick={onOpen}
        >
          <Icon name="sliders" />
        </button>
      )}
      <p class="visually-hidden" id={`${name}-description`}>
        {description}
      </p>
      <p class="picker-offer" id={`${name}-offer`}>
        {!available &&
          (on ? 'Not available at the moment: pictures wait until it is.' : 'Not available at the moment.')}
      </p>
    </div>
  );
}

/** The problem, in place of the summary, because the field itself is not on the page. */
function firstProblem(problems: OptionProblems): string | null {
  const [first] = Object.entries(problems);
  return first ? `${optionLabel(first[0])} ${first[1]}` : null;
}
