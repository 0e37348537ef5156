import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parse } from '@cdktn/hcl2json';
import { z } from 'zod';
import { readSources, root, type Source } from './sources.ts';

/** A block of a `.tf` file, as HashiCorp's parser gives it: nested blocks are lists of objects. */
export type Body = Record<string, unknown>;

/** A resource, a data source or a provider's settings, as they are written. */
export interface Declaration {
  kind: 'resource' | 'data' | 'provider';
  type: string;
  /** Of a resource or data source; the alias of a provider, if any. */
  name: string;
  body: Body;
  source: Source;
}

const bodySchema = z.record(z.string(), z.unknown());
const byName = z.record(z.string(), z.array(bodySchema));
const fileSchema = z.object({
  resource: z.record(z.string(), byName).default({}),
  data: z.record(z.string(), byName).default({}),
  provider: byName.default({}),
  variable: byName.default({}),
});

/** Everything that Terraform's files declare. Throws with file and line where one is not HCL. */
export async function readDeclarations(sources = readSources()): Promise<Declaration[]> {
  const files = await Promise.all(sources.filter(({ path }) => path.endsWith('.tf')).map(parsed));
  return files.flatMap(({ source, file }) => [
    ...(['resource', 'data'] as const).flatMap((kind) =>
      Object.entries(file[kind]).flatMap(([type, names]) =>
        Object.entries(names).flatMap(([name, bodies]) =>
          bodies.map((body): Declaration => ({ kind, type, name, body, source })),
        ),
      ),
    ),
    ...Object.entries(file.provider).flatMap(([type, bodies]) =>
      bodies.map((body): Declaration => {
        return { kind: 'provider', type, name: String(body.alias ?? ''), body, source };
      }),
    ),
  ]);
}

/** A variable, as it is declared. */
export interface Variable {
  name: string;
  description: string | null;
  /** What a person is told of a wrong value, for each check. */
  sentences: string[];
}

export async function readVariables(sources = readSources()): Promise<Variable[]> {
  const files = await Promise.all(sources.filter(({ path }) => path.endsWith('.tf')).map(parsed));
  return files.flatMap(({ file }) =>
    Object.entries(file.variable).map(([name, [body = {}]]) => {
      const { description = null, validation = [] } = variableSchema.parse(body);
      return { name, description, sentences: validation.map(({ error_message }) => error_message) };
    }),
  );
}

const variableSchema = z.object({
  description: z.string().optional(),
  validation: z.array(z.object({ error_message: z.string() })).optional(),
});

/** Names of the variables that a test gives a wrong value (terraform/tests/). */
export async function readExpectedFailures(
  name = 'terraform/tests/variables.tftest.hcl',
): Promise<Set<string>> {
  const tests = testsSchema.parse(await parse(basename(name), readFileSync(join(root, name), 'utf8')));
  const failures = Object.values(tests.run).flatMap((runs) => runs.flatMap((run) => run.expect_failures));
  return new Set(failures.map((reference) => /var\.(\w+)/.exec(reference)?.[1] ?? ''));
}

const testsSchema = z.object({
  run: z.record(z.string(), z.array(z.object({ expect_failures: z.array(z.string()).default([]) }))),
});

/** The types of resources and of data sources in use. */
export async function usedTypes(): Promise<{ resources: string[]; data: string[] }> {
  const declarations = await readDeclarations();
  const types = (kind: Declaration['kind']) => [
    ...new Set(declarations.filter((each) => each.kind === kind).map(({ type }) => type)),
  ];
  return { resources: types('resource'), data: types('data') };
}

async function parsed(source: Source) {
  return { source, file: fileSchema.parse(await parse(basename(source.path), source.text)) };
}
