import { computed, type ReadonlySignal, signal } from '@preact/signals';
import { adminWords } from '@spillway/core/audit.ts';
import type { JobClass } from '@spillway/core/job.ts';
import { problemsOfRules, type SourceRule, sourceRuleSchema } from '@spillway/core/source-rules.ts';
import { type SourcesView, sourcesSchema } from '@spillway/web/api/routing-schema.ts';
import { requestJson } from '../http/request.ts';

/** A rule as it is typed. */
export interface RuleDraft {
  /** Identifies the row, independent of its content. */
  readonly key: number;
  readonly prefix: string;
  readonly operations: readonly string[];
  /** JSON; empty for none. */
  readonly options: string;
  readonly owner: string;
  readonly class: JobClass;
}

/** Problems by `<key> <field>`, a sentence each. */
export type RuleProblems = Readonly<Record<string, string>>;

type Checked = { ok: true; rules: SourceRule[] } | { ok: false; problems: RuleProblems };

export interface RulesEditor {
  readonly view: ReadonlySignal<SourcesView | null>;
  readonly drafts: ReadonlySignal<readonly RuleDraft[]>;
  readonly problems: ReadonlySignal<RuleProblems>;
  /** The rules as they are typed; null while they are not valid. */
  readonly rules: ReadonlySignal<readonly SourceRule[] | null>;
  readonly edited: ReadonlySignal<boolean>;
  readonly saving: ReadonlySignal<boolean>;
  readonly note: ReadonlySignal<{ kind: 'done' | 'problem'; text: string } | null>;
  load(): Promise<void>;
  add(): void;
  set(key: number, change: Partial<Omit<RuleDraft, 'key'>>): void;
  remove(key: number): void;
  save(): Promise<void>;
  discard(): void;
}

/** The rules for senders on their way from the server into a form and back. */
export function createRulesEditor(): RulesEditor {
  const view = signal<SourcesView | null>(null);
  const drafts = signal<readonly RuleDraft[]>([]);
  const saving = signal(false);
  const note = signal<{ kind: 'done' | 'problem'; text: string } | null>(null);
  let keys = 0;

  const checked = computed<Checked>(() => check(drafts.value, view.value?.rules ?? []));
  const edited = computed(
    () => view.value !== null && textOf(drafts.value) !== textOf(view.value.rules.map(draftOf)),
  );
  const take = (next: SourcesView) => {
    view.value = next;
    drafts.value = next.rules.map((rule) => ({ ...draftOf(rule), key: keys++ }));
  };
  return {
    view,
    drafts,
    problems: computed(() => (checked.value.ok ? {} : checked.value.problems)),
    rules: computed(() => (checked.value.ok ? checked.value.rules : null)),
    edited,
    saving,
    note,
    async load() {
      const reply = await requestJson('/admin/sources', sourcesSchema);
      if (reply.ok) take(reply.value);
      else note.value = { kind: 'problem', text: reply.failure.message };
    },
    add() {
      const empty = {
        prefix: '',
        operations: ['sketch'],
        options: '',
        owner: '',
        class: 'interactive',
      } as const;
      drafts.value = [...drafts.peek(), { key: keys++, ...empty }];
    },
    set(key, change) {
      drafts.value = drafts.peek().map((draft) => (draft.key === key ? { ...draft, ...change } : draft));
      if (note.peek()?.kind === 'done') note.value = null;
    },
    remove(key) {
      drafts.value = drafts.peek().filter((draft) => draft.key !== key);
    },
    async save() {
      const [current, valid] = [view.peek(), checked.peek()];
      if (!current || saving.peek()) return;
      if (!valid.ok) {
        note.value = { kind: 'problem', text: 'Nothing was saved: some fields are not valid.' };
        return;
      }
      saving.value = true;
      const basedOn = current.change?.updatedAt.toISOString() ?? null;
      const body = { rules: valid.rules, basedOn };
      const reply = await requestJson('/admin/sources', sourcesSchema, { method: 'PUT', body });
      saving.value = false;
      if (reply.ok) {
        take(reply.value);
        note.value = { kind: 'done', text: 'Saved. Routers go by it within 5 s.' };
      } else {
        note.value = { kind: 'problem', text: `Nothing was saved. ${reply.failure.message}` };
      }
    },
    discard() {
      const current = view.peek();
      if (current) take(current);
      note.value = null;
    },
  };
}

/** Who changed the rules last, in words. */
export function lastChangeWords({ change }: SourcesView): string {
  return change ? `Changed by ${adminWords(change.updatedBy)}` : 'Not changed from here yet';
}

function draftOf({
  prefix,
  operations,
  options,
  owner,
  class: jobClass,
}: SourceRule): Omit<RuleDraft, 'key'> {
  const isEmpty = Object.keys(options).length === 0;
  return {
    prefix,
    operations,
    options: isEmpty ? '' : JSON.stringify(options),
    owner: owner ?? '',
    class: jobClass,
  };
}

function textOf(drafts: readonly Omit<RuleDraft, 'key'>[]): string {
  return JSON.stringify(
    drafts.map(({ prefix, operations, options, owner, class: jobClass }) => [
      prefix,
      operations,
      options,
      owner,
      jobClass,
    ]),
  );
}

/** By the server's schema and rules, so that nothing is sent that it would refuse. */
function check(drafts: readonly RuleDraft[], before: readonly SourceRule[]): Checked {
  const problems: Record<string, string> = {};
  const rules = drafts.flatMap((draft) => {
    const options = parsedOptions(draft.options);
    if (options === null) {
      problems[`${draft.key} options`] = 'Must be a JSON object, such as {"blur": 9}.';
      return [];
    }
    const { prefix, operations, class: jobClass } = draft;
    const owner = draft.owner.trim() === '' ? null : draft.owner.trim();
    const parsed = sourceRuleSchema.safeParse({ prefix, operations, options, owner, class: jobClass });
    if (parsed.success) return [parsed.data];
    for (const { path, message } of parsed.error.issues) {
      problems[`${draft.key} ${String(path[0])}`] ??=
        prefix === '' && path[0] === 'prefix' ? 'Is missing.' : `${message}.`;
    }
    return [];
  });
  if (Object.keys(problems).length > 0) return { ok: false, problems };
  for (const { rule, field, message } of problemsOfRules(rules, before)) {
    problems[`${drafts[rule]?.key} ${field}`] ??= message;
  }
  return Object.keys(problems).length > 0 ? { ok: false, problems } : { ok: true, rules };
}

function parsedOptions(text: string): Record<string, unknown> | null {
  if (text.trim() === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    return value !== null && typeof value === 'object' && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}
