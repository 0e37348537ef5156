import { type ReadonlySignal, signal } from '@preact/signals';
import {
  type ApiKeyView,
  apiKeyListSchema,
  apiKeyViewSchema,
  keyRequestSchema,
  newKeySchema,
} from '@spillway/web/api/admin-schema.ts';
import type { z } from 'zod';
import { requestJson } from '../http/request.ts';

/** What the form has, as it is written. */
export type KeyDraft = z.input<typeof keyRequestSchema>;
export type KeyField = keyof KeyDraft;

export const emptyDraft: KeyDraft = { name: '', owner: '', scopes: ['upload', 'read'], validDays: 90 };

export interface KeysState {
  /** The newest first; null until they are read. */
  readonly keys: ReadonlySignal<readonly ApiKeyView[] | null>;
  /** Why the last request came to nothing; null where it did not. */
  readonly problem: ReadonlySignal<string | null>;
  /** A key that was just made, with its text, until it is put away. */
  readonly made: ReadonlySignal<z.infer<typeof newKeySchema> | null>;
  load(): Promise<void>;
  /** True when the key is made. */
  make(draft: KeyDraft): Promise<boolean>;
  revoke(id: string): Promise<void>;
  /** Forgets the text of the key that was just made. */
  putAway(): void;
}

/** The API keys of integrators, as the dashboard shows them. */
export function createKeysState(): KeysState {
  const keys = signal<readonly ApiKeyView[] | null>(null);
  const problem = signal<string | null>(null);
  const made = signal<z.infer<typeof newKeySchema> | null>(null);

  /** Shows the key in the list, in place of what it was. */
  const show = (key: ApiKeyView) => {
    const others = (keys.peek() ?? []).filter(({ id }) => id !== key.id);
    keys.value = [...others, key].sort((a, b) => b.createdAt.getTime() - a.createdAt.getTime());
  };

  return {
    keys,
    problem,
    made,
    async load() {
      const reply = await requestJson('/admin/keys', apiKeyListSchema);
      problem.value = reply.ok ? null : reply.failure.message;
      if (reply.ok) keys.value = reply.value.keys;
    },
    async make(draft) {
      const reply = await requestJson('/admin/keys', newKeySchema, { method: 'POST', body: draft });
      problem.value = reply.ok ? null : reply.failure.message;
      if (!reply.ok) return false;
      show(reply.value.key);
      made.value = reply.value;
      return true;
    },
    async revoke(id) {
      const reply = await requestJson(`/admin/keys/${id}/revoke`, apiKeyViewSchema, { method: 'POST' });
      problem.value = reply.ok ? null : reply.failure.message;
      if (reply.ok) show(reply.value);
    },
    putAway() {
      made.value = null;
    },
  };
}

/** What is wrong with a draft, by field. */
export function draftProblems(draft: KeyDraft): Partial<Record<KeyField, string>> {
  const checked = keyRequestSchema.safeParse(draft);
  if (checked.success) return {};
  const problems: Partial<Record<KeyField, string>> = {};
  for (const { path } of checked.error.issues) {
    const field = path[0] as KeyField;
    problems[field] ??= fieldProblems[field];
  }
  return problems;
}

const fieldProblems: Record<KeyField, string> = {
  name: 'Say what the key is for, in up to 100 characters.',
  owner:
    'Letters, digits, spaces and . _ @ + -, with a letter or a digit first. The id of a visitor is not for keys.',
  scopes: 'Choose at least one.',
  validDays: 'Choose a time.',
};
