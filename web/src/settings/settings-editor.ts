import { computed, type ReadonlySignal, signal } from '@preact/signals';
import { adminWords } from '@spillway/core/audit.ts';
import type { RoutingSettings, SettingsChange } from '@spillway/core/settings.ts';
import {
  type SettingsView,
  type settingsRequestSchema,
  settingsSchema,
} from '@spillway/web/api/admin-schema.ts';
import type { z } from 'zod';
import { requestJson } from '../http/request.ts';
import {
  checkDraft,
  type DraftOwner,
  type DraftProblems,
  differs,
  draftOf,
  type RoutingDraft,
  rebased,
} from './routing-draft.ts';

/** The form's message beside its fields. */
export interface EditorNote {
  kind: 'done' | 'problem';
  text: string;
}

export interface SettingsEditor {
  /** The settings in force, as last read; null before that. */
  readonly view: ReadonlySignal<SettingsView | null>;
  readonly draft: ReadonlySignal<RoutingDraft | null>;
  readonly problems: ReadonlySignal<DraftProblems>;
  /** Whether something was edited and not saved. */
  readonly edited: ReadonlySignal<boolean>;
  readonly saving: ReadonlySignal<boolean>;
  /** Whether there is anything to save: an edit, or good settings in place of an invalid document. */
  readonly savable: ReadonlySignal<boolean>;
  /** The settings of the draft; null while they are not valid. */
  readonly proposed: ReadonlySignal<RoutingSettings | null>;
  readonly note: ReadonlySignal<EditorNote | null>;
  load(): Promise<void>;
  /** Called with the last change of the settings. Reads them again if it is not the one that is shown. */
  heardOf(change: SettingsChange | null): Promise<void>;
  set(path: string, text: string): void;
  addOwner(): void;
  setOwner(key: number, change: Partial<Omit<DraftOwner, 'key'>>): void;
  removeOwner(key: number): void;
  /** True when the settings are in force. */
  save(): Promise<boolean>;
  discard(): void;
}

/** The routing settings on their way from the server into a form and back. */
export function createSettingsEditor(): SettingsEditor {
  const view = signal<SettingsView | null>(null);
  const draft = signal<RoutingDraft | null>(null);
  const saving = signal(false);
  const note = signal<EditorNote | null>(null);
  const checked = computed(() =>
    view.value && draft.value ? checkDraft(draft.value, view.value.routing) : null,
  );
  const problems = computed(() => (checked.value && !checked.value.ok ? checked.value.problems : {}));
  const proposed = computed(() => (checked.value?.ok ? checked.value.settings : null));
  const edited = computed(() => !!view.value && !!draft.value && differs(draft.value, view.value.routing));
  const savable = computed(() => !saving.value && (edited.value || typeof view.value?.problem === 'string'));

  const edit = (change: (draft: RoutingDraft) => RoutingDraft) => {
    const current = draft.peek();
    if (!current) return;
    draft.value = change(current);
    // The message was about the earlier draft. A warning about another admin's change stays until this draft is saved.
    if (note.peek()?.kind === 'done') note.value = null;
  };

  /** Shows the server's settings. Unsaved edits stay. */
  const take = (next: SettingsView): { both: string[] } => {
    const [before, current] = [view.peek(), draft.peek()];
    const carried = before && current ? rebased(current, before.routing, next.routing) : null;
    view.value = next;
    draft.value = carried?.draft ?? draftOf(next.routing);
    return { both: carried?.both ?? [] };
  };

  const load = async (): Promise<void> => {
    const reply = await requestJson('/admin/settings', settingsSchema);
    if (!reply.ok) {
      if (!view.peek()) note.value = { kind: 'problem', text: reply.failure.message };
      return;
    }
    const before = view.peek();
    const wasEdited = edited.peek();
    const { both } = take(reply.value);
    if (!before || sameChange(before.change, reply.value.change) || !wasEdited) return;
    note.value = { kind: 'problem', text: changedMeanwhile(reply.value.change, both) };
  };

  return {
    view,
    draft,
    problems,
    edited,
    saving,
    savable,
    proposed,
    note,
    load,
    async heardOf(change) {
      const shown = view.peek();
      if (shown && !saving.peek() && !sameChange(shown.change, change)) await load();
    },
    set: (path, text) => edit((current) => ({ ...current, values: { ...current.values, [path]: text } })),
    addOwner() {
      edit((current) => {
        const key = Math.max(-1, ...current.owners.map((line) => line.key)) + 1;
        return { ...current, owners: [...current.owners, { key, owner: '', weight: '1' }] };
      });
    },
    setOwner(key, change) {
      edit((current) => ({
        ...current,
        owners: current.owners.map((line) => (line.key === key ? { ...line, ...change } : line)),
      }));
    },
    removeOwner: (key) =>
      edit((current) => ({ ...current, owners: current.owners.filter((line) => line.key !== key) })),
    async save() {
      const [current, valid] = [view.peek(), checked.peek()];
      if (!current || !valid || !savable.peek()) return false;
      if (!valid.ok) {
        note.value = { kind: 'problem', text: 'Nothing was saved: some fields are not valid.' };
        return false;
      }
      saving.value = true;
      const sent = draft.peek();
      const body: z.input<typeof settingsRequestSchema> = {
        routing: valid.settings,
        basedOn: current.change?.updatedAt.toISOString() ?? null,
      };
      const reply = await requestJson('/admin/settings', settingsSchema, { method: 'PUT', body });
      saving.value = false;
      if (reply.ok) {
        // Edits that were made during the request are not saved yet.
        if (draft.peek() === sent) draft.value = null;
        take(reply.value);
        note.value = { kind: 'done', text: 'Saved. In force everywhere within 5 s.' };
        return true;
      }
      note.value = { kind: 'problem', text: `Nothing was saved. ${reply.failure.message}` };
      if (reply.failure.code === 'settings_changed') await load();
      return false;
    },
    discard() {
      const current = view.peek();
      if (current) draft.value = draftOf(current.routing);
      note.value = null;
    },
  };
}

function sameChange(a: SettingsChange | null, b: SettingsChange | null): boolean {
  return a?.updatedAt.getTime() === b?.updatedAt.getTime();
}

function changedMeanwhile(change: SettingsChange | null, both: string[]): string {
  const who = change
    ? `The settings were changed by ${adminWords(change.updatedBy)} meanwhile.`
    : 'The settings were changed meanwhile.';
  const clash = both.length > 0 ? ` You have both changed: ${both.join(', ')}.` : '';
  return `${who}${clash} What you have edited is not saved; look it over, then save or discard it.`;
}
