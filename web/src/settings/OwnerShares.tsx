import { useRef } from 'preact/hooks';
import { Icon } from '../components/Icon.tsx';
import type { DraftOwner, DraftProblems } from './routing-draft.ts';
import type { SettingsEditor } from './settings-editor.ts';

interface OwnerSharesProps {
  owners: readonly DraftOwner[];
  problems: DraftProblems;
  editor: SettingsEditor;
}

/** Owners with a share of their own, a line each. */
export function OwnerShares({ owners, problems, editor }: OwnerSharesProps) {
  const list = useRef<HTMLUListElement>(null);
  const addButton = useRef<HTMLButtonElement>(null);
  const add = () => {
    editor.addOwner();
    // The row is drawn with the next frame, and then gets the focus.
    requestAnimationFrame(() => list.current?.querySelector<HTMLElement>('li:last-child input')?.focus());
  };
  const remove = (key: number) => {
    editor.removeOwner(key);
    addButton.current?.focus();
  };
  return (
    <div class="owner-shares">
      <ul ref={list}>
        {owners.map(({ key, owner, weight }, index) => (
          <li key={key}>
            <LineInput
              label={`Owner ${index + 1}`}
              text={owner}
              problem={problems[`owner ${key}`]}
              problemId={`owner-${key}-problem`}
              placeholder="owner’s id"
              onChange={(text) => editor.setOwner(key, { owner: text })}
            />
            <LineInput
              label={`Share of owner ${index + 1}`}
              text={weight}
              problem={problems[`weight ${key}`]}
              problemId={`owner-${key}-problem`}
              placeholder="1"
              onChange={(text) => editor.setOwner(key, { weight: text })}
            />
            <button type="button" class="button quiet square" onClick={() => remove(key)}>
              <Icon name="close" />
              <span class="visually-hidden">Remove owner {index + 1}</span>
            </button>
            <p class="option-problem" id={`owner-${key}-problem`} aria-live="polite">
              {problems[`owner ${key}`] ?? problems[`weight ${key}`]}
            </p>
          </li>
        ))}
      </ul>
      <button type="button" class="button" ref={addButton} onClick={add}>
        Add an owner
      </button>
    </div>
  );
}

interface LineInputProps {
  label: string;
  text: string;
  problem: string | undefined;
  problemId: string;
  placeholder: string;
  onChange(text: string): void;
}

function LineInput({ label, text, problem, problemId, placeholder, onChange }: LineInputProps) {
  return (
    <input
      type="text"
      autoComplete="off"
      spellcheck={false}
      aria-label={label}
      aria-invalid={problem !== undefined}
      aria-describedby={problemId}
      placeholder={placeholder}
      value={text}
      onInput={(event) => onChange(event.currentTarget.value)}
    />
  );
}
