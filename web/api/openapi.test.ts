import { expect, test } from 'vitest';
import { z } from 'zod';
import { createTestApi } from './test-client.ts';

const content = z.record(z.string(), z.object({ schema: z.record(z.string(), z.unknown()) }));
const operationSchema = z.object({
  operationId: z.string(),
  summary: z.string(),
  tags: z.array(z.string()).min(1),
  parameters: z
    .array(
      z.object({
        in: z.enum(['path', 'query', 'header']),
        name: z.string(),
        required: z.boolean().optional(),
        schema: z.record(z.string(), z.unknown()),
      }),
    )
    .default([]),
  requestBody: z.object({ required: z.literal(true), content }).optional(),
  responses: z.record(
    z.string().regex(/^[1-5]\d\d$/),
    z.object({ description: z.string().min(1), content: content.optional() }),
  ),
});
const documentSchema = z.object({
  openapi: z.literal('3.1.0'),
  info: z.object({ title: z.string(), version: z.string() }),
  paths: z.record(z.string().startsWith('/api/'), z.record(z.string(), operationSchema)),
  components: z.object({ schemas: z.record(z.string(), z.unknown()) }),
});

async function readDocument() {
  const { api } = createTestApi();
  const json: unknown = await (await api.request('/api/v1/openapi.json')).json();
  const document = documentSchema.parse(json);
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, ...operation })),
  );
  return { api, json, document, operations };
}

test('the document describes every route of the API, and no other', async () => {
  const { api, operations } = await readDocument();
  const undescribed = new Set([
    'GET /admin/enter',
    'POST /admin/enter',
    'GET /api/v1/openapi.json',
    // In Prometheus' format, and where it expects it.
    'GET /metrics',
  ]);
  const routes = api.routes
    .filter(({ method }) => method !== 'ALL')
    .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, '{$1}')}`)
    .filter((route) => !undescribed.has(route));
  const described = operations.map(({ method, path }) => `${method.toUpperCase()} ${path}`);
  expect([...new Set(routes)].sort()).toEqual(described.sort());
  expect(described).toContain('POST /api/v1/jobs/{id}/retry');
});

test('every operation has its own id', async () => {
  const { operations } = await readDocument();
  const ids = operations.map(({ operationId }) => operationId);
  expect(new Set(ids).size).toBe(ids.length);
});

test('every operation describes its parameters, its answer and its problems', async () => {
  const { operations } = await readDocument();
  for (const { path, method, parameters, requestBody, responses, operationId } of operations) {
    const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    const inPath = parameters.filter((parameter) => parameter.in === 'path');
    expect(inPath.map(({ name }) => name)).toEqual(named);
    expect(Object.keys(responses).some((status) => status.startsWith('2'))).toBe(true);
    if (operationId === 'getHealth') continue;
    for (const [status, answer] of Object.entries(responses)) {
      const kinds = Object.keys(answer.content ?? {});
      if (status >= '400') expect(kinds).toEqual(['application/problem+json']);
      else if (status !== '204' && !status.startsWith('3')) expect(kinds).not.toEqual([]);
    }
    const expected = ['500', '503'];
    if (named.length > 0) expected.push('404');
    if (method !== 'get') expected.push('403');
    if (path.includes('/admin/')) expected.push('401');
    if (requestBody) expected.push('400', '413', '415');
    expect(Object.keys(responses)).toEqual(expect.arrayContaining(expected));
  }
});

test('a job is described with its progress and with the model that made its result', async () => {
  const { document } = await readDocument();
  const job = JSON.stringify(document.components.schemas.Job);
  for (const field of ['progress', 'downloading_model', 'share', 'sha256', 'builtIn', 'install']) {
    expect(job).toContain(`"${field}"`);
  }
  const result = document.paths['/api/v1/jobs/{id}/result']?.get?.responses['200'];
  expect(result?.content?.['application/json']?.schema).toEqual({ $ref: '#/components/schemas/Caption' });
});

test('every reference leads somewhere', async () => {
  const { json, document } = await readDocument();
  const references = [...JSON.stringify(json).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)];
  expect(references.length).toBeGreaterThan(0);
  for (const [, name] of references) expect(document.components.schemas).toHaveProperty(name ?? '');
  expect(Object.keys(document.components.schemas)).toEqual(
    expect.arrayContaining(['Job', 'JobPage', 'Problem', 'Worker']),
  );
});
