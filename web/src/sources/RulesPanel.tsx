import { useComputed, useSignal } from '@preact/signals';
import { matchingRule, type SourceRule } from '@spillway/core/source-rules.ts';
import { useEffect, useMemo } from 'preact/hooks';
import { Icon } from '../components/Icon.tsx';
import { knownOperations, manifestFor } from '../operations/known-operations.ts';
import { SettingsHistory } from '../settings/SettingsHistory.tsx';
import { createRulesEditor, lastChangeWords, type RuleDraft, type RulesEditor } from './rules-editor.ts';

/** Rules for senders that can neither rename their files nor set metadata: an editor, and which rule a name would meet. */
export function RulesPanel() {
  const editor = useMemo(createRulesEditor, []);
  useEffect(() => void editor.load(), [editor]);
  const changedAt = useComputed(() => editor.view.value?.change?.updatedAt.getTime() ?? null);
  const view = editor.view.value;
  const note = editor.note.value;
  const drafts = editor.drafts.value;
  return (
    <>
      <section class="rules" aria-labelledby="rules-title">
        <h2 id="rules-title">Rules for senders</h2>
        <p class="section-note">
          For whatever writes into the bucket of uploads and can neither rename its files nor set metadata,
          such as a camera. The rule with the longest prefix counts. {view && lastChangeWords(view)}
        </p>
        {view?.problem && (
          <p class="notice">
            <strong>The document settings/sources does not validate.</strong> These are the last good rules,
            which are in force. {view.problem}
          </p>
        )}
        <form
          class="rules-sheet"
          noValidate
          onSubmit={(event) => {
            event.preventDefault();
            void editor.save();
          }}
        >
          {!view && !note && <p class="quiet-words">Reading the rules …</p>}
          {view && drafts.length === 0 && (
            <p class="quiet-words">No rule yet: what is written into the bucket says itself what it wants.</p>
          )}
          <ul class="rule-list">
            {drafts.map((draft, index) => (
              <RuleRow key={draft.key} draft={draft} place={index + 1} editor={editor} />
            ))}
          </ul>
          <div class="rules-save">
            <button type="button" class="button" onClick={editor.add}>
              Add a rule
            </button>
            <button
              type="submit"
              class="button primary"
              aria-disabled={!editor.edited.value || editor.saving.value}
            >
              {editor.saving.value ? 'Saving …' : 'Save'}
            </button>
            <button
              type="button"
              class="button"
              aria-disabled={!editor.edited.value}
              onClick={editor.discard}
            >
              Discard
            </button>
            <p class={note?.kind === 'problem' ? 'option-problem' : 'quiet-words'} role="status">
              {note?.text}
            </p>
          </div>
        </form>
        <MatchPreview rules={editor.rules.value} />
      </section>
      <SettingsHistory document="sources" changedAt={changedAt} onUndone={() => void editor.load()} />
    </>
  );
}

function RuleRow({ draft, place, editor }: { draft: RuleDraft; place: number; editor: RulesEditor }) {
  const { key } = draft;
  const problem = (field: string) => editor.problems.value[`${key} ${field}`];
  const problems = ['prefix', 'operations', 'options', 'owner', 'class'].flatMap(
    (field) => problem(field) ?? [],
  );
  const toggle = (name: string) => {
    const has = draft.operations.includes(name);
    const operations = has ? draft.operations.filter((each) => each !== name) : [...draft.operations, name];
    editor.set(key, { operations });
  };
  // A rule may name an operation whose plug-in is gone.
  const names = [...new Set<string>([...knownOperations.value, ...draft.operations])];
  return (
    <li>
      <fieldset>
        <legend>Rule {place}</legend>
        <label>
          Names that begin with
          <input
            type="text"
            spellcheck={false}
            autoComplete="off"
            placeholder="camera/garden/"
            value={draft.prefix}
            aria-invalid={problem('prefix') !== undefined}
            onInput={(event) => editor.set(key, { prefix: event.currentTarget.value })}
          />
        </label>
        <fieldset class="rule-operations">
          <legend>Operations</legend>
          {names.map((name) => (
            <label key={name} class="check">
              <input
                type="checkbox"
                checked={draft.operations.includes(name)}
                onChange={() => toggle(name)}
              />
              {manifestFor(name)?.words.label ?? name}
            </label>
          ))}
        </fieldset>
        <label>
          Owner
          <input
            type="text"
            spellcheck={false}
            autoComplete="off"
            placeholder="nobody’s"
            value={draft.owner}
            onInput={(event) => editor.set(key, { owner: event.currentTarget.value })}
          />
        </label>
        <label>
          Class
          <select
            value={draft.class}
            onChange={(event) => editor.set(key, { class: event.currentTarget.value as RuleDraft['class'] })}
          >
            <option value="interactive">interactive</option>
            <option value="bulk">large batch: nobody waits</option>
          </select>
        </label>
        <label class="rule-options">
          Options (JSON)
          <input
            type="text"
            spellcheck={false}
            autoComplete="off"
            placeholder="the operations’ defaults"
            value={draft.options}
            aria-invalid={problem('options') !== undefined}
            onInput={(event) => editor.set(key, { options: event.currentTarget.value })}
          />
        </label>
        <button type="button" class="button quiet square" onClick={() => editor.remove(key)}>
          <Icon name="close" />
          <span class="visually-hidden">Remove rule {place}</span>
        </button>
        <p class="option-problem" aria-live="polite">
          {problems.join(' ')}
        </p>
      </fieldset>
    </li>
  );
}

/** Which rule a name would meet, by the rules as they are typed. */
function MatchPreview({ rules }: { rules: readonly SourceRule[] | null }) {
  const name = useSignal('');
  return (
    <div class="rule-preview">
      <label>
        Which rule would a name meet?
        <input
          type="text"
          spellcheck={false}
          autoComplete="off"
          placeholder="camera/garden/IMG_0001.JPG"
          value={name.value}
          onInput={(event) => (name.value = event.currentTarget.value)}
        />
      </label>
      <p role="status">{name.value !== '' && previewWords(name.value, rules)}</p>
    </div>
  );
}

function previewWords(name: string, rules: readonly SourceRule[] | null): string {
  if (rules === null) return 'Some rules are not valid yet.';
  if (name.startsWith('_')) return 'None: what begins with _ is no upload.';
  const rule = matchingRule([...rules], name);
  if (!rule) {
    const folder = name.includes('/') ? name.slice(0, name.indexOf('/')) : '';
    const known = manifestFor(folder);
    return known
      ? `None: its folder asks for “${known.words.label}”.`
      : 'None, and its folder names no operation: it would end as unknown_operation.';
  }
  const what = rule.operations.map((each) => manifestFor(each)?.words.label ?? each).join(', ');
  const whose = rule.owner === null ? 'nobody’s' : `of ${rule.owner}`;
  return `The rule for ${rule.prefix}: ${what}; ${whose}; ${rule.class === 'bulk' ? 'a large batch' : 'interactive'}.`;
}
