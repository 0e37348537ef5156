import type { RoutingSettings } from '@spillway/core/settings.ts';
import type { SourceRule } from '@spillway/core/source-rules.ts';
import type { ApiKeyView } from '@spillway/web/api/admin-schema.ts';

/** All that is set for one owner. */
export interface OwnerLine {
  owner: string;
  /** Of the rules that name it. */
  prefixes: string[];
  /** Names of its keys that are valid. */
  keys: string[];
  share: number;
}

/** The owners that somebody has named, by name. */
export function ownerLines(
  rules: readonly SourceRule[],
  keys: readonly ApiKeyView[],
  { shares }: Pick<RoutingSettings, 'shares'>,
  now: Date,
): OwnerLine[] {
  const valid = keys.filter(({ revokedAt, validUntil }) => revokedAt === null && validUntil > now);
  const names = new Set([
    ...rules.flatMap(({ owner }) => owner ?? []),
    ...valid.map(({ owner }) => owner),
    ...Object.keys(shares.owners),
  ]);
  return [...names].sort().map((owner) => ({
    owner,
    prefixes: rules.filter((rule) => rule.owner === owner).map(({ prefix }) => prefix),
    keys: valid.filter((key) => key.owner === owner).map(({ name }) => name),
    share: shares.owners[owner] ?? shares.default,
  }));
}
