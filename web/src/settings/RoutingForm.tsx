import type { TargetedSubmitEvent } from 'preact';
import { Icon } from '../components/Icon.tsx';
import { OwnerShares } from './OwnerShares.tsx';
import { RoutingControl } from './RoutingControl.tsx';
import {
  mainGroups,
  priceFields,
  type RoutingField,
  sharesDefault,
  thresholdPath,
} from './routing-fields.ts';
import type { SettingsEditor } from './settings-editor.ts';
import { WhatIf } from './WhatIf.tsx';

/** The form of the routing settings. Each problem is shown at its field, and nothing is sent before all are solved. */
export function RoutingForm({ editor }: { editor: SettingsEditor }) {
  const draft = editor.draft.value;
  const problems = editor.problems.value;
  if (!draft) return <p class="routing-note">{editor.note.value?.text ?? 'Reading the settings …'}</p>;

  const submit = async (event: TargetedSubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    if (!(await editor.save())) goToProblem(form);
  };
  const control = (field: RoutingField) => (
    <RoutingControl
      key={field.path}
      field={field}
      text={draft.values[field.path] ?? ''}
      problem={problems[field.path] ?? null}
      onChange={(text) => editor.set(field.path, text)}
    />
  );
  const isShown = ({ path }: RoutingField) =>
    path !== thresholdPath || draft.values.policy === 'threshold' || problems[path] !== undefined;
  const pricesAreWrong = priceFields.some(({ path }) => problems[path] !== undefined);
  return (
    <form class="routing-form" noValidate onSubmit={(event) => void submit(event)}>
      {editor.view.value?.problem && (
        <p class="notice routing-problem">
          <strong>The document settings/routing does not validate.</strong> These are the last good settings,
          which are in force. Saving them here replaces it.
        </p>
      )}
      <div class="routing-groups">
        {mainGroups().map(({ title, fields }) => (
          <fieldset key={title}>
            <legend>{title}</legend>
            {fields.filter(isShown).map(control)}
          </fieldset>
        ))}
        <fieldset>
          <legend>Owners’ shares of the VMs</legend>
          {control(sharesDefault)}
          <OwnerShares owners={draft.owners} problems={problems} editor={editor} />
        </fieldset>
      </div>
      <details class="routing-prices">
        <summary>
          <Icon name="more" />
          Cloud Run’s prices and instances
          {pricesAreWrong && <span class="summary-problem"> not valid</span>}
        </summary>
        <div class="routing-fields">{priceFields.map(control)}</div>
      </details>
      <WhatIf editor={editor} />
      <SaveBar editor={editor} />
    </form>
  );
}

function SaveBar({ editor }: { editor: SettingsEditor }) {
  const note = editor.note.value;
  const idle = !editor.savable.value;
  return (
    <div class="routing-save">
      {/* Not `disabled`, which would take the focus from the button that was just pressed. */}
      <button type="submit" class="button primary" aria-disabled={idle}>
        {editor.saving.value ? 'Saving …' : 'Save'}
      </button>
      <button type="button" class="button" aria-disabled={!editor.edited.value} onClick={editor.discard}>
        Discard
      </button>
      <p class="routing-note" role="status">
        {note ? (
          <span class={note.kind}>
            <Icon name={note.kind === 'done' ? 'check' : 'alert'} />
            {note.text}
          </span>
        ) : (
          'What you save is in force everywhere within 5 s.'
        )}
      </p>
    </div>
  );
}

/** Puts the focus where something has to be mended, unfolding what hides it. */
function goToProblem(form: HTMLFormElement): void {
  const wrong = form.querySelector<HTMLElement>('[aria-invalid="true"]');
  const fold = wrong?.closest('details');
  if (fold) fold.open = true;
  wrong?.focus();
}
