import { useSignal } from '@preact/signals';
import { type ApiKeyScope, apiKeyScopes } from '@spillway/core/api-keys.ts';
import type { TargetedSubmitEvent } from 'preact';
import { scopeWords, validChoices } from './key-words.ts';
import { draftProblems, emptyDraft, type KeyDraft, type KeysState } from './keys-state.ts';

/** What an admin says of a new key. */
export function KeyForm({ keys }: { keys: KeysState }) {
  const draft = useSignal<KeyDraft>(emptyDraft);
  const tried = useSignal(false);
  const busy = useSignal(false);
  const problems = tried.value ? draftProblems(draft.value) : {};
  const set = (change: Partial<KeyDraft>) => (draft.value = { ...draft.value, ...change });

  const submit = async (event: TargetedSubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    tried.value = true;
    if (Object.keys(draftProblems(draft.value)).length > 0) {
      requestAnimationFrame(() => form.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus());
      return;
    }
    busy.value = true;
    const made = await keys.make(draft.value);
    busy.value = false;
    if (!made) return;
    draft.value = emptyDraft;
    tried.value = false;
  };

  return (
    <form class="key-form" noValidate onSubmit={(event) => void submit(event)}>
      <TextField
        name="name"
        label="Name"
        hint="What uses it."
        text={draft.value.name}
        problem={problems.name}
        onChange={(name) => set({ name })}
      />
      <TextField
        name="owner"
        label="Owner"
        hint="Whose its jobs are. Keys of one owner see the same jobs."
        text={draft.value.owner}
        problem={problems.owner}
        onChange={(owner) => set({ owner })}
      />
      <fieldset aria-describedby="key-scopes-problem">
        <legend>May</legend>
        {apiKeyScopes.map((scope) => (
          <label key={scope}>
            <input
              type="checkbox"
              checked={draft.value.scopes.includes(scope)}
              aria-invalid={problems.scopes !== undefined}
              onChange={(event) =>
                set({ scopes: toggled(draft.value.scopes, scope, event.currentTarget.checked) })
              }
            />
            <span>
              {scopeWords[scope].label} <small class="scope-hint">{scopeWords[scope].hint}</small>
            </span>
          </label>
        ))}
        <p class="option-problem" id="key-scopes-problem" aria-live="polite">
          {problems.scopes}
        </p>
      </fieldset>
      <div class="key-field">
        <label for="key-valid">Valid for</label>
        <select
          id="key-valid"
          value={String(draft.value.validDays)}
          onChange={(event) => set({ validDays: Number(event.currentTarget.value) })}
        >
          {validChoices.map(({ days, label }) => (
            <option key={days} value={String(days)}>
              {label}
            </option>
          ))}
        </select>
        <button type="submit" class="button primary key-make" aria-disabled={busy.value}>
          {busy.value ? 'Making …' : 'Make a key'}
        </button>
      </div>
    </form>
  );
}

function toggled(scopes: readonly ApiKeyScope[], scope: ApiKeyScope, on: boolean): ApiKeyScope[] {
  return apiKeyScopes.filter((each) => (each === scope ? on : scopes.includes(each)));
}

interface TextFieldProps {
  name: string;
  label: string;
  hint: string;
  text: string;
  problem: string | undefined;
  onChange(text: string): void;
}

function TextField({ name, label, hint, text, problem, onChange }: TextFieldProps) {
  const id = `key-${name}`;
  return (
    <div class="key-field">
      <label for={id}>{label}</label>
      <input
        id={id}
        type="text"
        autoComplete="off"
        spellcheck={false}
        maxLength={100}
        aria-invalid={problem !== undefined}
        aria-describedby={`${id}-problem ${id}-hint`}
        value={text}
        onInput={(event) => onChange(event.currentTarget.value)}
      />
      <p class="option-problem" id={`${id}-problem`} aria-live="polite">
        {problem}
      </p>
      <p class="option-hint" id={`${id}-hint`}>
        {hint}
      </p>
    </div>
  );
}
