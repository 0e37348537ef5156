import type { Plan, Planned, Value, Values } from './plan.ts';

/** Changes of plans, with which tests break one policy at a time. Each throws where it would change nothing. */

/** For each policy, what is said of a plan that breaks it, and how that plan is made. */
export type BrokenPlans = Record<string, [finding: RegExp, plan: () => Plan][]>;

/** Which resource: its type, and its name in the cloud or in Terraform's address where there are several. */
export type Which = [type: string, name?: string];

/** @param path Names of blocks and arguments. Of several blocks, the first. A value of undefined removes. */
export function changed(plan: Plan, which: Which, path: string[], value: Value | undefined): Plan {
  const resources = structuredClone(plan.resources) as Planned[];
  const resource = find(resources, which);
  const last = path.at(-1) ?? '';
  let block: Values = resource.values;
  for (const name of path.slice(0, -1)) {
    const inner = block[name] ?? [];
    if (Array.isArray(inner) && inner.length === 0) inner.push({});
    block[name] = inner;
    block = (Array.isArray(inner) ? inner[0] : inner) as Values;
  }
  if (JSON.stringify(block[last]) === JSON.stringify(value))
    throw new Error(`${path.join('.')} is so already.`);
  if (value === undefined) delete block[last];
  else block[last] = value;
  return { resources };
}

export function without(plan: Plan, which: Which): Plan {
  const gone = find(plan.resources, which);
  return { resources: plan.resources.filter((resource) => resource !== gone) };
}

/** A copy of a resource under another address, with other values. */
export function added(plan: Plan, which: Which, type: string, values: Values): Plan {
  const like = structuredClone(find(plan.resources, which));
  const resource = { address: `${type}.added`, type, values: { ...like.values, ...values } };
  return { resources: [...plan.resources, resource] };
}

function find(resources: readonly Planned[], [type, name]: Which): Planned {
  const found = resources.find(
    (resource) =>
      resource.type === type &&
      (name === undefined || resource.values.name === name || resource.address.includes(name)),
  );
  if (!found) throw new Error(`The plan has no ${type} ${name ?? ''}.`);
  return found;
}
