import { type ReadonlySignal, useSignal } from '@preact/signals';
import type { SettingsDocument } from '@spillway/core/settings-history.ts';
import {
  type SettingsHistoryEntry,
  settingsHistorySchema,
  undoneSchema,
} from '@spillway/web/api/routing-schema.ts';
import { useEffect } from 'preact/hooks';
import { whoLabel } from '../audit/audit-words.ts';
import { ConfirmButton } from '../components/ConfirmButton.tsx';
import { formatAge, formatMoment } from '../format/duration.ts';
import { requestJson } from '../http/request.ts';
import { now } from '../live/now.ts';
import { differenceLines } from './difference-words.ts';

interface SettingsHistoryProps {
  document: SettingsDocument;
  /** When the settings were changed last: then the list is read again. */
  changedAt: ReadonlySignal<number | null>;
  /** After a change was taken back. */
  onUndone(): void;
}

/** Who changed the settings, when, what, and a way back from each change. */
export function SettingsHistory({ document, changedAt, onUndone }: SettingsHistoryProps) {
  const entries = useSignal<readonly SettingsHistoryEntry[] | null>(null);
  const cursor = useSignal<string | null>(null);
  const note = useSignal<{ kind: 'done' | 'problem'; text: string } | null>(null);
  const load = async (from: string | null) => {
    const more = from === null ? '' : `&cursor=${encodeURIComponent(from)}`;
    const reply = await requestJson(
      `/admin/settings/history?document=${document}&limit=10${more}`,
      settingsHistorySchema,
    );
    if (!reply.ok) {
      note.value = { kind: 'problem', text: reply.failure.message };
      return;
    }
    entries.value = from === null ? reply.value.entries : [...(entries.peek() ?? []), ...reply.value.entries];
    cursor.value = reply.value.cursor;
  };
  const changed = changedAt.value;
  useEffect(() => void load(null), [changed]);

  const undo = async ({ id }: SettingsHistoryEntry) => {
    const reply = await requestJson(`/admin/settings/history/${id}/undo`, undoneSchema, { method: 'POST' });
    note.value = reply.ok
      ? { kind: 'done', text: 'Taken back. In force everywhere within 5 s.' }
      : { kind: 'problem', text: reply.failure.message };
    if (!reply.ok) return;
    onUndone();
    await load(null);
  };
  const list = entries.value;
  return (
    <section class="settings-history" aria-labelledby={`history-${document}`}>
      <h2 id={`history-${document}`}>Changes</h2>
      <p class={note.value?.kind === 'problem' ? 'option-problem' : 'quiet-words'} role="status">
        {note.value?.text}
      </p>
      {list === null && !note.value && <p class="quiet-words">Reading the changes …</p>}
      {list?.length === 0 && <p class="quiet-words">Nobody has changed anything from here yet.</p>}
      {list && list.length > 0 && (
        <ol>
          {list.map((entry) => (
            <Entry key={entry.id} entry={entry} onUndo={() => void undo(entry)} />
          ))}
        </ol>
      )}
      {cursor.value !== null && (
        <button type="button" class="button" onClick={() => void load(cursor.value)}>
          Show more
        </button>
      )}
    </section>
  );
}

function Entry({ entry, onUndo }: { entry: SettingsHistoryEntry; onUndo(): void }) {
  const { at, by, undoes, differences } = entry;
  return (
    <li>
      <p class="history-head">
        <strong>{whoLabel(by)}</strong>
        {undoes !== null && <span class="chip">took a change back</span>}
        <time dateTime={at.toISOString()} title={formatAge(now.value - at.getTime())}>
          {formatMoment(at)}
        </time>
        {differences.length > 0 && (
          <ConfirmButton
            label="Take back"
            confirm="Really take back?"
            subject={`the change of ${formatMoment(at)}`}
            icon="retry"
            onConfirm={onUndo}
          />
        )}
      </p>
      <ul class="history-differences">
        {differences.length === 0 && <li>Saved without a change.</li>}
        {differenceLines(differences).map(({ path, before, after }) => (
          <li key={path}>
            <code>{path}</code> <del>{before}</del> → <ins>{after}</ins>
          </li>
        ))}
      </ul>
    </li>
  );
}
