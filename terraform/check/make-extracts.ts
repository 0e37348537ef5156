import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { usedTypes } from './configuration.ts';
import { type Stamp, writeExtract } from './extract-file.ts';
import { extractPlan } from './plan.ts';
import { committedSchema } from './quick-check.ts';
import { extractSchema, type Schema } from './schema.ts';
import { choiceNames, oneBox, root } from './sources.ts';
import { oneBoxValuesOf, valuesOf, type Workspace } from './workspace.ts';

const provider = 'registry.terraform.io/hashicorp/google';

/** Where the whole plans are put, for other programs that read them. Git ignores it. */
const wholePlans = join(root, '.local/terraform');

/** Writes what the provider says of the types in use, and the plan of every choice of variables. */
export async function makeExtracts(workspace: Workspace, madeOf: string): Promise<Stamp> {
  const stamp = { madeOf, ...(await versions(workspace)) };
  const json: unknown = JSON.parse(await workspace.terraform('providers', 'schema', '-json'));
  const schema = extractSchema(json, provider, await usedTypes());
  writeExtract('schema', { stamp, ...schema });
  for (const choice of choiceNames) {
    const resources = await plan(workspace, choice, valuesOf(workspace, choice), schema);
    writeExtract(choice, { stamp, resources });
  }
  return stamp;
}

/** The same for the smallest example, whose types are among those of the whole system. */
export async function makeOneBoxExtract(workspace: Workspace, madeOf: string): Promise<void> {
  const stamp = { madeOf, ...(await versions(workspace)) };
  const resources = await plan(workspace, oneBox.name, oneBoxValuesOf(workspace), committedSchema());
  writeExtract(oneBox.name, { stamp, resources });
}

async function plan(workspace: Workspace, name: string, values: string, schema: Schema) {
  const file = join(workspace.folder, `${name}.plan`);
  await workspace.terraform('plan', '-input=false', '-lock=false', `-var-file=${values}`, `-out=${file}`);
  const shown = await workspace.terraform('show', '-json', file);
  await mkdir(wholePlans, { recursive: true });
  await writeFile(join(wholePlans, `${name}.json`), shown);
  return extractPlan(JSON.parse(shown), schema);
}

async function versions(workspace: Workspace): Promise<Omit<Stamp, 'madeOf'>> {
  const { terraform_version, provider_selections } = JSON.parse(
    await workspace.terraform('version', '-json'),
  );
  return { terraform: terraform_version, provider: provider_selections[provider] };
}
