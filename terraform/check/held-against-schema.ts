import { type Body, type Declaration, readDeclarations } from './configuration.ts';
import type { Block, NestedBlock, Schema } from './schema.ts';
import { lineOf } from './source-lines.ts';

/** What is written inside a resource and is Terraform's own. */
const ofTerraform = new Set(['count', 'depends_on', 'for_each', 'lifecycle', 'provider', 'provisioner']);

/**
 * Holds Terraform's files against what the provider says of its resources: unknown and missing arguments and blocks, those
 * that only the provider may set, and blocks in place of arguments. Values are not looked at.
 * @returns Sentences with file and line.
 */
export async function heldAgainstSchema(schema: Schema, declarations?: Declaration[]): Promise<string[]> {
  const all = declarations ?? (await readDeclarations());
  return all.flatMap((declaration) => {
    const block = blockOf(declaration, schema);
    return block === null
      ? [`${placeOf(declaration, [])}: the committed schema does not have ${nameOf(declaration)}.`]
      : findings(declaration, [], declaration.body, block);
  });
}

function blockOf({ kind, type }: Declaration, schema: Schema): Block | null {
  switch (kind) {
    case 'provider':
      return type === 'google' ? schema.provider : null;
    case 'resource':
      return schema.resources[type] ?? null;
    case 'data':
      return schema.data[type] ?? null;
    default:
      return kind satisfies never;
  }
}

/** @param path Names of the blocks around the body. */
function findings(declaration: Declaration, path: string[], body: Body, block: Block): string[] {
  const isOutside = path.length === 0;
  const say = (name: string | null, what: string) =>
    `${placeOf(declaration, name === null ? path : [...path, name])}: ${[nameOf(declaration), ...path].join(' ')} ${what}`;
  const given = contentOf(body);
  const found: string[] = [];
  for (const [name, value] of Object.entries(given.arguments)) {
    if (isOutside && (ofTerraform.has(name) || (declaration.kind === 'provider' && name === 'alias')))
      continue;
    const nested = block.blocks?.[name];
    const usage = block.arguments[name]?.[0];
    if (nested) found.push(...blocksOf(name, value, nested));
    else if (usage === undefined) found.push(say(name, `has no ${name}.`));
    else if (usage === 'computed') found.push(say(name, `cannot be given ${name}: the provider sets it.`));
    else if (isBlocks(value) && isNoList(block, name))
      found.push(say(name, `takes ${name} as an argument, with =.`));
  }
  for (const [name, contents] of Object.entries(given.dynamic)) {
    const nested = block.blocks?.[name];
    if (nested)
      found.push(...contents.flatMap((content) => findings(declaration, [...path, name], content, nested)));
    else found.push(say(name, `has no block ${name}.`));
  }
  const has = (name: string) => name in given.arguments || name in given.dynamic;
  for (const [name, [usage]] of Object.entries(block.arguments)) {
    if (usage === 'required' && !has(name)) found.push(say(null, `needs ${name}.`));
  }
  for (const [name, { min = 0 }] of Object.entries(block.blocks ?? {})) {
    if (min > 0 && !has(name)) found.push(say(null, `needs a block ${name}.`));
  }
  return found;

  function blocksOf(name: string, value: unknown, nested: NestedBlock): string[] {
    if (!isBlocks(value)) return [say(name, `takes ${name} as a block, without =.`)];
    const most = nested.nesting === 'single' ? 1 : (nested.max ?? Number.POSITIVE_INFINITY);
    if (value.length > most) return [say(name, `takes at most ${most} of ${name}.`)];
    return value.flatMap((each) => findings(declaration, [...path, name], each, nested));
  }
}

/** The contents of dynamic blocks, apart from the rest. */
function contentOf({ dynamic = {}, ...rest }: Body): { arguments: Body; dynamic: Record<string, Body[]> } {
  const contents = Object.entries(dynamic as Record<string, { content?: Body[] }[]>).map(
    ([name, blocks]): [string, Body[]] => [name, blocks.flatMap(({ content = [] }) => content)],
  );
  return { arguments: rest, dynamic: Object.fromEntries(contents) };
}

/** The parser gives blocks as lists of objects. So it does with an argument that is a list of objects. */
const isBlocks = (value: unknown): value is Body[] =>
  Array.isArray(value) &&
  value.every((each) => each !== null && typeof each === 'object' && !Array.isArray(each));

function isNoList({ arguments: all }: Block, name: string): boolean {
  const type = all[name]?.[1];
  return !(Array.isArray(type) && (type[0] === 'list' || type[0] === 'set'));
}

const nameOf = ({ kind, type, name }: Declaration): string =>
  kind === 'provider' ? `provider ${type}` : `${kind === 'data' ? 'data.' : ''}${type}.${name}`;

const placeOf = ({ kind, type, name, source }: Declaration, path: string[]): string =>
  `${source.path}:${lineOf(source.text, { kind, labels: kind === 'provider' ? [type] : [type, name] }, path)}`;
