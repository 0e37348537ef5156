import { isLater, type Plan, type Planned, type Value, type Values } from './plan.ts';

/** Every resource of a type. */
export const ofType = (plan: Plan, type: string): Planned[] =>
  plan.resources.filter((resource) => resource.type === type);

/** Every resource whose type passes the test. */
export const ofTypes = (plan: Plan, pattern: RegExp): Planned[] =>
  plan.resources.filter(({ type }) => pattern.test(type));

/**
 * A value deep in a resource; undefined where there is none.
 * @param path Names of blocks and arguments. Of several blocks, the first.
 * @example at(subscription, 'push_config', 'oidc_token', 'audience')
 */
export function at(resource: Planned, ...path: string[]): Value | undefined {
  let value: Value | undefined = resource.values;
  for (const name of path) {
    const block: Value | undefined = Array.isArray(value) ? value[0] : value;
    if (typeof block !== 'object' || Array.isArray(block) || isLater(block)) return undefined;
    value = block[name];
  }
  return value;
}

/** A text; empty where there is none, or where it is known only after applying. */
export function textAt(resource: Planned, ...path: string[]): string {
  const value = at(resource, ...path);
  return typeof value === 'string' ? value : '';
}

/** A number, also one that is written as text; NaN where there is none. Of `120s` it is 120. */
export function numberAt(resource: Planned, ...path: string[]): number {
  const value = at(resource, ...path);
  return typeof value === 'string'
    ? Number.parseFloat(value)
    : typeof value === 'number'
      ? value
      : Number.NaN;
}

export const isText = (value: unknown): value is string => typeof value === 'string';

/** All texts of a list. */
export function textsAt(resource: Planned, ...path: string[]): string[] {
  const value = at(resource, ...path);
  return Array.isArray(value) ? value.filter(isText) : [];
}

/** All blocks of a name. */
export function blocksAt(resource: Planned, ...path: string[]): Values[] {
  const value = at(resource, ...path);
  return Array.isArray(value) ? value.filter((each): each is Values => typeof each === 'object') : [];
}

/** The resources that a value is made from, where it is known only after applying. */
export function madeFrom(plan: Plan, value: Value | undefined): Planned[] {
  if (!isLater(value)) return [];
  return plan.resources.filter(({ address }) =>
    value.later.some((reference) => reference === address || reference.startsWith(`${address}.`)),
  );
}

/**
 * The permissions of a role that is known here: one of our own, or one of Google's that lets only look.
 * @returns Null where they are not known.
 */
export function permissionsOf(plan: Plan, role: string): string[] | null {
  if (role === 'roles/run.viewer') return ['run.services.get', 'run.revisions.get', 'run.revisions.list'];
  const own = ofType(plan, 'google_project_iam_custom_role').find(
    (each) => role === `projects/${textAt(each, 'project')}/roles/${textAt(each, 'role_id')}`,
  );
  return own ? textsAt(own, 'permissions') : null;
}

/** The e-mail of an account by its member name in rights. */
export const emailOf = (member: string): string => member.replace(/^serviceAccount:/, '');

/** A resource by its name in the cloud. */
export const named = (plan: Plan, type: string, name: string): Planned | undefined =>
  ofType(plan, type).find((resource) => textAt(resource, 'name') === name);
