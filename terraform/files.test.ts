import { describe, expect, it, test } from 'vitest';
import { readDeclarations, readExpectedFailures, readVariables } from './check/configuration.ts';
import { heldAgainstSchema } from './check/held-against-schema.ts';
import { metricDescriptorsOutOfDate } from './check/metric-descriptors.ts';
import { committedSchema, oneBoxOutOfDate, outOfDate } from './check/quick-check.ts';
import { oneBox, readOneBoxSources, readSources, type Source } from './check/sources.ts';

const schema = committedSchema();

describe('Terraform’s files', () => {
  it('have the arguments and blocks that the provider has', async () => {
    expect(await heldAgainstSchema(schema, await readDeclarations())).toEqual([]);
    expect(await heldAgainstSchema(schema, await readDeclarations(readOneBoxSources()))).toEqual([]);
  });

  it('have the metrics of the catalogue', () => {
    expect(metricDescriptorsOutOfDate()).toEqual([]);
  });

  it('are those whose plans are committed', () => {
    expect(outOfDate()).toEqual([]);
    expect(oneBoxOutOfDate()).toEqual([]);
    const changed = readOneBoxSources().map((source) => ({ ...source, text: `${source.text}#` }));
    expect(oneBoxOutOfDate(changed)).toHaveLength(1);
  });

  it.each([
    'terraform/pubsub.tf',
    'terraform/vm-cloud-init.yaml.tftpl',
    'terraform/example.tfvars',
    'pipeline/gcp/firestore.indexes.json',
  ])('need new plans when %s changes', (path) => {
    const add = (text: string) => (source: Source) =>
      source.path === path ? { ...source, text: source.text + text } : source;
    const said = outOfDate(readSources().map(add('#')));
    expect(said).toHaveLength(2);
    for (const each of said) expect(each).toContain('npm run check:terraform -- --extracts');
    // Git may write other line ends.
    const withOtherEnds = readSources().map(({ path, text }) => ({
      path,
      text: text.replaceAll('\n', '\r\n'),
    }));
    expect(outOfDate(withOtherEnds)).toEqual([]);
  });
});

/** What is said of a change of one file. */
async function saidOf(name: string, change: (text: string) => string): Promise<string[]> {
  const sources = readSources().map((source): Source => {
    if (source.path !== `terraform/${name}`) return source;
    const text = change(source.text);
    if (text === source.text) throw new Error(`${name} has nothing to change.`);
    return { ...source, text };
  });
  return heldAgainstSchema(schema, await readDeclarations(sources));
}

const subscription = /^(resource "google_pubsub_subscription" "jobs_vm_pull" \{\n)/m;

test.each([
  ['an argument that is not there', 'colour = "red"', 'has no colour.'],
  ['a block that is not there', 'colour {\n    red = 1\n  }', 'has no colour.'],
  [
    'what the provider sets itself',
    'terraform_labels = {}',
    'cannot be given terraform_labels: the provider sets it.',
  ],
  [
    'a block that is written as an argument',
    'push_config = { push_endpoint = "x" }',
    'takes push_config as a block, without =.',
  ],
  [
    'an argument that is written as a block',
    'labels {\n    a = "b"\n  }',
    'takes labels as an argument, with =.',
  ],
  [
    'a block too many',
    'bigquery_config {\n    table = "x"\n  }\n  bigquery_config {\n    table = "y"\n  }',
    'takes at most 1 of bigquery_config.',
  ],
])('%s is told with its line', async (_, text, finding) => {
  const said = await saidOf('pubsub.tf', (file) => file.replace(subscription, `$1  ${text}\n`));
  expect(said).toHaveLength(1);
  expect(said[0]).toMatch(/^terraform\/pubsub\.tf:\d+: google_pubsub_subscription\.jobs_vm_pull /);
  expect(said[0]).toContain(finding);
  // The line after the head of the resource.
  const file = readSources().find(({ path }) => path === 'terraform/pubsub.tf')?.text ?? '';
  const line = file.slice(0, file.search(subscription)).split('\n').length + 1;
  expect(said[0]).toContain(`:${line}: `);
});

test('an argument that is missing is told, and a resource that the schema lacks', async () => {
  const without = await saidOf('pubsub.tf', (file) => file.replace(/^ {2}name += "jobs-vm-pull"\n/m, ''));
  expect(without).toEqual([expect.stringMatching(/jobs_vm_pull needs name\.$/)]);
  const other = await saidOf('pubsub.tf', (file) =>
    file.replace('"google_pubsub_topic"', '"google_pubsub_colour"'),
  );
  expect(other).toEqual([expect.stringMatching(/does not have google_pubsub_colour\.topics\.$/)]);
});

test('what is inside blocks and dynamic blocks is held against the schema too', async () => {
  const said = await saidOf('storage.tf', (file) =>
    file
      .replace(/^ {6}max_age_seconds = 3600$/m, '      oldest = 3600')
      .replace(/^ {4}enabled = false$/m, '    on = false'),
  );
  expect(said.map((each) => each.replace(/^.*: /, ''))).toEqual(
    expect.arrayContaining([
      'google_storage_bucket.pictures cors has no oldest.',
      'google_storage_bucket.pictures versioning has no on.',
      'google_storage_bucket.pictures versioning needs enabled.',
    ]),
  );
});

test('a file that is no HCL is told with its line', async () => {
  await expect(saidOf('pubsub.tf', (file) => file.replace('  name', '  name name'))).rejects.toThrow(
    /pubsub\.tf:\d+/,
  );
});

describe('variables', () => {
  it('are described, and a wrong value is answered with a sentence', async () => {
    const variables = [...(await readVariables()), ...(await readVariables(readOneBoxSources()))];
    expect(variables.length).toBeGreaterThan(30);
    expect(variables.filter(({ description }) => !description?.trim().endsWith('.'))).toEqual([]);
    const sentences = variables.flatMap((variable) => variable.sentences);
    expect(sentences.filter((sentence) => !/^\w.* .*[.]$/.test(sentence))).toEqual([]);
  });

  it('that are checked are given wrong values by a test', async () => {
    const checked = (await readVariables()).filter(({ sentences }) => sentences.length > 0);
    const tested = await readExpectedFailures();
    expect(checked.map(({ name }) => name).filter((name) => !tested.has(name))).toEqual([]);
    const small = (await readVariables(readOneBoxSources())).filter(({ sentences }) => sentences.length > 0);
    const smallTested = await readExpectedFailures(`${oneBox.folder}/tests/variables.tftest.hcl`);
    expect(small.map(({ name }) => name).filter((name) => !smallTested.has(name))).toEqual([]);
  });
});
