import { join } from 'node:path';
import { applyLocally } from './apply-locally.ts';
import { makeExtracts, makeOneBoxExtract } from './make-extracts.ts';
import { writeMetricDescriptors } from './metric-descriptors.ts';
import { quickCheck } from './quick-check.ts';
import { digestOf, oneBox, readOneBoxSources, readSources, root } from './sources.ts';
import { openWorkspace, runTerraform } from './workspace.ts';

/**
 * Everything that can be said of Terraform's files without a cloud, with Terraform and the provider. It writes the
 * extracts, which the quick check reads.
 * @param kind `extracts`: only what the extracts need. `everything`: also the tests of variables, and the local stack.
 * @param say Told of each step before it begins.
 * @returns Sentences about what is wrong. Throws `TerraformError` with what Terraform said.
 */
export async function fullCheck(
  kind: 'extracts' | 'everything',
  say: (step: string) => void,
): Promise<string[]> {
  writeMetricDescriptors();
  const sources = readSources();
  say('terraform fmt');
  await runTerraform(join(root, 'terraform'), ['fmt', '-check', '-diff', '-recursive']);
  say('terraform init');
  const workspace = await openWorkspace(sources);
  try {
    say('terraform validate');
    await workspace.terraform('validate');
    say('terraform plan, of each choice of variables');
    const { terraform, provider } = await makeExtracts(workspace, digestOf(sources));
    say(`Terraform ${terraform} and the provider ${provider} wrote terraform/check/extracts/.`);
    if (kind === 'everything') {
      say('terraform test');
      await workspace.terraform('test');
    }
  } finally {
    await workspace.remove();
  }
  await checkOneBox(kind, say);
  if (kind === 'everything') {
    say('terraform apply, on the services of the local stack');
    await applyLocally(sources, say);
  }
  say('Schema and policies');
  return quickCheck();
}

async function checkOneBox(kind: 'extracts' | 'everything', say: (step: string) => void): Promise<void> {
  say('terraform init, validate and plan of the smallest example');
  const sources = readOneBoxSources();
  const workspace = await openWorkspace(sources, oneBox.folder);
  try {
    await workspace.terraform('validate');
    await makeOneBoxExtract(workspace, digestOf(sources));
    if (kind === 'everything') await workspace.terraform('test');
  } finally {
    await workspace.remove();
  }
}
