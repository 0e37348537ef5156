import { contradictionsIn, type RoutingSettings, routingSettingsSchema } from '@spillway/core/settings.ts';
import type { z } from 'zod';
import { asSentence, issueWords } from '../format/issue-words.ts';
import { type RoutingField, routingFields } from './routing-fields.ts';

/** The content of the form. It is text, so that the form never changes what is being typed. */
export interface RoutingDraft {
  /** By the fields' paths; a switch that is on says `on`. */
  readonly values: Readonly<Record<string, string>>;
  readonly owners: readonly DraftOwner[];
}

export interface DraftOwner {
  /** Identifies the row, independent of its content. */
  readonly key: number;
  readonly owner: string;
  readonly weight: string;
}

/** Problems, one sentence each, by a field's path or by `owner <key>` and `weight <key>`. */
export type DraftProblems = Readonly<Record<string, string>>;

export function draftOf(settings: RoutingSettings): RoutingDraft {
  return {
    values: Object.fromEntries(routingFields().map((field) => [field.path, textOf(field, settings)])),
    owners: Object.entries(settings.shares.owners).map(([owner, weight], key) => ({
      key,
      owner,
      weight: String(weight),
    })),
  };
}

/** The settings of a draft, checked with the server's schema. */
export function checkDraft(
  draft: RoutingDraft,
  base: RoutingSettings,
): { ok: true; settings: RoutingSettings } | { ok: false; problems: DraftProblems } {
  const problems = ownerProblems(draft.owners);
  const parsed = routingSettingsSchema.safeParse(written(draft, base));
  for (const { path, message } of parsed.success ? contradictionsIn(parsed.data) : []) {
    problems[path] = message;
  }
  if (parsed.success && Object.keys(problems).length === 0) return { ok: true, settings: parsed.data };
  for (const issue of parsed.error?.issues ?? []) {
    // Only the first issue of a field is shown; solving it may solve the others.
    problems[placeOf(issue, draft)] ??= sentenceFor(issue);
  }
  return { ok: false, problems };
}

/** True if the draft differs from these settings. */
export function differs(draft: RoutingDraft, settings: RoutingSettings): boolean {
  const own = draftOf(settings);
  return (
    routingFields().some((field) => !sameValue(field, draft, own)) || !sameOwners(draft.owners, own.owners)
  );
}

/**
 * Rebases a draft of `before` onto the settings `after` of somebody else. Edited values stay, the others follow. `both`
 * lists the values that were changed differently on both sides.
 */
export function rebased(
  draft: RoutingDraft,
  before: RoutingSettings,
  after: RoutingSettings,
): { draft: RoutingDraft; both: string[] } {
  const old = draftOf(before);
  const now = draftOf(after);
  const both: string[] = [];
  const values: Record<string, string> = {};
  for (const field of routingFields()) {
    const edited = !sameValue(field, draft, old);
    values[field.path] = (edited ? draft : now).values[field.path] ?? '';
    if (edited && !sameValue(field, now, old) && !sameValue(field, now, draft)) both.push(field.label);
  }
  const editedOwners = !sameOwners(draft.owners, old.owners);
  if (editedOwners && !sameOwners(now.owners, old.owners) && !sameOwners(now.owners, draft.owners)) {
    both.push('Owners’ shares');
  }
  return { draft: { values, owners: editedOwners ? draft.owners : now.owners }, both };
}

function textOf(field: RoutingField, settings: RoutingSettings): string {
  const value = field.path
    .split('.')
    .reduce<unknown>((part, key) => (isObject(part) ? part[key] : undefined), settings);
  if (field.kind === 'switch') return value === true ? 'on' : '';
  if (value === null || value === undefined) return '';
  return field.kind === 'number' ? shown(Number(value) / field.factor) : String(value);
}

/** Settings with the draft's values, valid or not. Values that were not edited keep all their digits. */
function written(draft: RoutingDraft, base: RoutingSettings): Record<string, unknown> {
  const settings: Record<string, unknown> = structuredClone(base);
  const old = draftOf(base);
  for (const field of routingFields()) {
    if (sameValue(field, draft, old)) continue;
    const keys = field.path.split('.');
    const last = keys.pop() ?? '';
    const parent = keys.reduce<Record<string, unknown>>((part, key) => {
      const inner = part[key];
      return isObject(inner) ? inner : part;
    }, settings);
    const value = settingFor(field, draft.values[field.path] ?? '');
    if (value === undefined) delete parent[last];
    else parent[last] = value;
  }
  const shares = isObject(settings.shares) ? settings.shares : {};
  const weights = draft.owners.map(({ owner, weight }) => [owner.trim(), numberIn(weight)]);
  return { ...settings, shares: { ...shares, owners: Object.fromEntries(weights) } };
}

/** Undefined if the setting is to be left out. */
function settingFor(field: RoutingField, text: string): unknown {
  switch (field.kind) {
    case 'switch':
      return text === 'on';
    case 'choice':
      return field.numeric ? numberIn(text) : text;
    case 'number':
      if (text.trim() === '' && field.whenEmpty !== 'refused')
        return field.whenEmpty === 'null' ? null : undefined;
      return rounded(numberIn(text) * field.factor);
    default:
      return field satisfies never;
  }
}

/** A typed number, with a point or a comma; NaN if it is not one. */
function numberIn(text: string): number {
  const plain = text.trim().replace(',', '.');
  return /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(plain) ? Number(plain) : Number.NaN;
}

/** Rounds away the last digits, which a change of the unit alters. */
function rounded(value: number): number {
  return Number(value.toPrecision(12));
}

function shown(value: number): string {
  return String(rounded(value));
}

function ownerProblems(owners: readonly DraftOwner[]): Record<string, string> {
  const problems: Record<string, string> = {};
  const seen = new Set<string>();
  for (const { key, owner } of owners) {
    const name = owner.trim();
    if (name === '') problems[`owner ${key}`] = 'Name an owner, or remove the line.';
    else if (seen.has(name)) problems[`owner ${key}`] = 'This owner is listed twice.';
    seen.add(name);
  }
  return problems;
}

function placeOf(issue: z.core.$ZodIssue, { owners }: RoutingDraft): string {
  const [first, second, name] = issue.path;
  if (first !== 'shares' || second !== 'owners') return issue.path.join('.');
  const row = owners.findLast(({ owner }) => owner.trim() === name);
  return `${issue.code === 'invalid_key' ? 'owner' : 'weight'} ${row?.key}`;
}

function sentenceFor(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_key') return 'At most 200 characters long.';
  // A rule of our own, in words of our own.
  if (issue.code === 'custom') return issue.message;
  const field = routingFields().find(({ path }) => path === issue.path.join('.'));
  const factor = field?.kind === 'number' ? field.factor : 1;
  return asSentence(issueWords(issue, (limit) => shown(limit / factor)) ?? 'is not valid');
}

/** `2` and `2.0` are the same. */
function sameValue(field: RoutingField, a: RoutingDraft, b: RoutingDraft): boolean {
  const [left = '', right = ''] = [a.values[field.path], b.values[field.path]];
  return (
    left === right ||
    (Object.is(settingFor(field, left), settingFor(field, right)) && !Number.isNaN(settingFor(field, left)))
  );
}

function sameOwners(a: readonly DraftOwner[], b: readonly DraftOwner[]): boolean {
  const texts = (owners: readonly DraftOwner[]) =>
    owners
      .map(({ owner, weight }) => `${owner.trim()} ${weight.trim()}`)
      .sort()
      .join('\n');
  return texts(a) === texts(b);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
