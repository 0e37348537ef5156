import { randomUUID } from 'node:crypto';
import { Agent, type IncomingMessage, request as send } from 'node:http';
import { text as readText } from 'node:stream/consumers';
import type { Job } from '@spillway/core/job.ts';
import type { MassActionDocument } from '@spillway/core/mass-action.ts';
import type { Share } from '@spillway/core/shares.ts';
import { seededRandom } from '@spillway/core/testing/seeded-random.ts';
import type { MemoryPorts } from '@spillway/pipeline/memory/ports.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { problems } from './api/problems.ts';
import { problemSchema } from './api/schema.ts';
import { adminToken, tinyGif, upload } from './api/test-client.ts';
import { until } from './api/test-events.ts';
import { fail, heartbeat, succeed, succeedWithCaption } from './api/test-jobs.ts';
import { makeKey } from './api/test-keys.ts';
import { makeShare } from './api/test-shares.ts';
import { createValues, type JsonSchema, jsonSchema, type Values } from './api/test-values.ts';
import type { RunningSite } from './server.ts';
import { startTestSite } from './test-site.ts';

const requests = 5_000;
const atOnce = 8;

const operationSchema = z.object({
  operationId: z.string(),
  parameters: z
    .array(
      z.object({
        in: z.enum(['path', 'query', 'header']),
        name: z.string(),
        required: z.boolean().default(false),
        schema: jsonSchema,
      }),
    )
    .default([]),
  requestBody: z
    .object({ content: z.object({ 'application/json': z.object({ schema: jsonSchema }) }) })
    .optional(),
  responses: z.record(z.string(), z.unknown()),
});
const documentSchema = z.object({
  paths: z.record(z.string(), z.record(z.string(), operationSchema)),
});

interface Operation extends z.infer<typeof operationSchema> {
  method: string;
  path: string;
}

let memory: MemoryPorts;
let site: RunningSite;
let logged: unknown[];

beforeAll(async () => {
  ({ memory, site, problems: logged } = await startTestSite({ trustedProxies: 1 }));
});
afterAll(() => site.close());

/** Every operation of the document that the site itself serves. */
async function readOperations(): Promise<Operation[]> {
  const document = documentSchema.parse(await (await fetch(`${site.url}/api/v1/openapi.json`)).json());
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      ...operation,
      path,
      method: method.toUpperCase(),
    })),
  );
}

interface Settled {
  cookie: string;
  jobs: Job[];
  /** The cookie opens the first private link. The others may be revoked. */
  shares: Share[];
  token: string;
  /** A change of settings that changed nothing, so that nobody can be in the way of taking it back. */
  changes: string[];
}

const batch = randomUUID();

/** A visitor with jobs in every state that a route asks for, and a worker to drain. */
async function settle(): Promise<Settled> {
  const response = await fetch(`${site.url}/`);
  const own = cookieOf(response);
  const owner = /=([0-9a-f]{32})\./.exec(own)?.[1] ?? '';
  const test = { memory, ports: memory };
  const links = [1, 2].map(() => makeShare(memory.clock.now(), { owner, batch }));
  for (const { share } of links) await memory.shares.create(share);
  const shares = links.map(({ share }) => share);
  const token = links[0]?.token ?? '';
  const opened = await fetch(`${site.url}/api/v1/shared/open`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token }),
  });
  const metadata = { batch };
  const packed = await memory.blobs.writeOnce('results', 'sketch/small.thumbnails', {
    from: { text: 'stands in for thumbnails and mask' },
    contentType: 'application/octet-stream',
  });
  const part = { width: 1, height: 1, offset: 0, size: 5 };
  const parts = (['result', 'source'] as const).map((of) => ({ of, ...part }));
  const smallPictures = { thumbnails: { ...packed, parts }, mask: part };
  const jobs: Job[] = [];
  for (let index = 0; index < 20; index++) {
    jobs.push(await upload(test, owner, { metadata }));
    jobs.push(await fail(await upload(test, owner, { metadata, bytes: Buffer.from('no picture') }), memory));
    jobs.push(await succeed(await upload(test, owner, { metadata }), tinyGif, test, smallPictures));
    // Each is a batch of its own. Some are deleted on the way.
    const small = { batch: `small-${index}` };
    await upload(test, owner, { metadata: small });
    await succeedWithCaption(
      await upload(test, owner, { metadata: { ...small, operation: 'caption' } }),
      'a cat',
      test,
    );
  }
  const ofLink = await upload(test, owner, { metadata: { ...metadata, operation: 'caption' } });
  await succeedWithCaption(ofLink, 'a dog', test);
  await memory.fleet.beat(heartbeat('vm-1', memory.clock.now()));
  await memory.apiKeys.create(sampleKey);
  for (const { id } of jobs) {
    await memory.queue.bury(
      JSON.stringify({ schemaVersion: 1, jobId: id, epoch: 0 }),
      'Delivered too often.',
    );
  }
  await memory.settings.changeRouting(await memory.settings.routing(), 'ann');
  const { entries } = await memory.settings.history('routing', 1, null);
  const changes = entries.map(({ id }) => id);
  return { cookie: `${own}; ${cookieOf(opened)}`, jobs, shares, token, changes };
}

const cookieOf = (response: Response) => response.headers.getSetCookie()[0]?.split(';')[0] ?? '';

const { key: sampleKey } = makeKey(new Date());

function knownIds(path: string, { jobs, shares, changes }: Settled): string[] {
  if (path.includes('/batches/')) return Array.from({ length: 20 }, (_, index) => `small-${index}`);
  if (path.includes('/history/')) return changes;
  if (path.includes('/workers/')) return ['vm-1', 'vm-2'];
  if (path.includes('/shares/')) return shares.slice(1).map(({ id }) => id);
  // In memory a dead letter is named by its place.
  if (path.includes('/dead-letters/')) return ['0'];
  return path.includes('/keys/') ? [sampleKey.id] : jobs.map(({ id }) => id);
}

/** The id of the action on many jobs that was begun last. */
function lastAction(): string {
  const { action } = memory.massActions.read() as MassActionDocument;
  return action?.id ?? 'none';
}

/** A body that names what is there, in place of what was made up. */
function withKnown(json: unknown, { operationId }: Operation, { jobs, token }: Settled): unknown {
  switch (operationId) {
    case 'openShare':
      return { token };
    case 'rerunJob':
      return { from: jobs[0]?.id, operation: 'sketch', options: {} };
    case 'previewMassAction':
    case 'beginMassAction':
      return { kind: 'retry', which: { kind: 'matching', query: { state: 'failed' } } };
    case 'changeSources':
      return { rules: [{ prefix: 'camera/', operations: ['sketch'] }] };
    case 'stepMassAction':
    case 'stopMassAction':
      return { id: lastAction(), tab: 'a-tab-of-tests' };
    default:
      return json;
  }
}

interface Sent {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: Buffer | null;
  /** Where nothing was bent: the operation, whose description the answer has to keep to. */
  described: Operation | null;
}

/** Makes one request: half of them as the document says, the others with something wrong. */
function makeRequest(operation: Operation, settled: Settled, values: Values): Sent {
  const { cookie, jobs, shares } = settled;
  const { chance, pick, valid, mutated, text } = values;
  const bent = chance(0.6);
  const wrong = (probability: number) => bent && chance(probability);
  const known = knownIds(operation.path, settled);
  const parameter = (schema: JsonSchema) => (wrong(0.5) ? text() : String(valid(schema)));

  const id = wrong(0.4) ? text() : pick(known);
  let path = operation.path
    .replace('{id}', wrong(0.2) ? latin1Path(id) : encode(id))
    .replace('{share}', wrong(0.2) ? encode(text()) : (shares[0]?.id ?? ''));
  if (wrong(0.03)) path = `/${latin1Path(text())}`;
  if (wrong(0.03)) path = `/admin/enter?${encode(text())}`;
  const query = operation.parameters
    .filter((each) => each.in === 'query' && chance(0.4))
    .map(({ name, schema }) => `${name}=${wrong(0.1) ? latin1Path(text()) : encode(parameter(schema))}`);
  if (wrong(0.1)) query.push(`${encode(text())}=${encode(text())}`);
  if (query.length > 0) path += `${path.includes('?') ? '&' : '?'}${query.join('&')}`;

  // A visitor who deletes everything is one who has nothing: the others need what is there.
  const shown = operation.operationId === 'deleteEverything' ? '' : cookie;
  const headers: Record<string, string> = {
    'x-forwarded-for': wrong(0.2) ? latin1(text()) : `203.0.113.${values.whole(0, 255)}`,
    cookie: wrong(0.2) ? `spillway_session=${latin1(text())}; ${latin1(text())}` : shown,
  };
  if (!wrong(0.2)) headers['sec-fetch-site'] = 'same-origin';
  if (operation.path.includes('/admin/') || chance(0.1)) {
    headers.authorization = wrong(0.2) ? latin1(text()) : `Bearer ${adminToken}`;
  }
  for (const name of [
    'origin',
    'if-none-match',
    'last-event-id',
    'traceparent',
    'accept',
    'x-forwarded-proto',
  ]) {
    if (wrong(0.1)) headers[name] = latin1(text());
  }
  if (operation.path.endsWith('/events') && chance(0.5)) headers['last-event-id'] = `1-${pick(jobs).id}`;

  const schema = operation.requestBody?.content['application/json'].schema;
  const json = schema ? withKnown(valid(schema), operation, settled) : wrong(0.1) ? text() : undefined;
  const isSent = json !== undefined && !wrong(0.05);
  if (isSent) headers['content-type'] = wrong(0.1) ? latin1(text()) : 'application/json';
  let body = isSent ? Buffer.from(JSON.stringify(wrong(0.8) ? mutated(json) : json) ?? '') : null;
  if (body && wrong(0.1)) body = body.subarray(0, values.whole(0, body.length));
  if (body && wrong(0.02)) body = Buffer.concat([body, Buffer.alloc(70_000, 32)]);
  if (body && wrong(0.05)) body = Buffer.from([...body, 0xff, 0xfe]);
  if (body) headers['content-length'] = String(body.length);
  const method = wrong(0.1) ? pick(methods) : operation.method;
  return { method, path, headers, body, described: bent ? null : operation };
}

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PURGE', 'SEARCH'];

/** Percent-encoded, a lone surrogate as the three bytes that it would have. */
function encode(text: string): string {
  return [...text]
    .map((character) => {
      const code = character.charCodeAt(0);
      if (character.isWellFormed()) return encodeURIComponent(character);
      const bytes = [0xe0 | (code >> 12), 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f)];
      return bytes.map((byte) => `%${byte.toString(16)}`).join('');
    })
    .join('');
}

/** As much of a text as can stand in a request's head as it is. */
function latin1(text: string): string {
  return text.replaceAll(/[^\x20-\x7e\xa1-\xff]/g, '?').trim();
}

function latin1Path(text: string): string {
  return latin1(text).replaceAll(/[ \xa1-\xff]/g, '+');
}

interface Answer {
  status: number;
  type: string;
  text: string;
}

function exchange({ method, path, headers, body }: Sent, agent: Agent): Promise<Answer> {
  const { hostname, port } = new URL(site.url);
  return new Promise((resolve, reject) => {
    const request = send({ hostname, port, method, path, headers, agent }, (response) => {
      void read(response).then(resolve, reject);
    });
    request.on('error', reject);
    request.end(body ?? undefined);
  });
}

async function read(response: IncomingMessage): Promise<Answer> {
  const type = response.headers['content-type'] ?? '';
  const status = response.statusCode ?? 0;
  if (type.startsWith('text/event-stream')) {
    response.destroy();
    return { status, type, text: '' };
  }
  return { status, type, text: await readText(response) };
}

/** What is wrong with an answer; null where nothing is. */
function faultOf({ method, path, described }: Sent, { status, type, text }: Answer): string | null {
  if (status >= 500) return `answered ${status}: ${text.slice(0, 200)}`;
  if (described && described.responses[String(status)] === undefined)
    return `answered ${status}, undescribed`;
  const isOfApi = path.startsWith('/api/') && method !== 'HEAD';
  if (status < 400 || !isOfApi) return null;
  if (type !== 'application/problem+json') return `answered ${status} as ${type}`;
  const problem = problemSchema.safeParse(JSON.parse(text));
  return problem.success && problem.data.code in problems ? null : `answered ${text.slice(0, 200)}`;
}

test.each([1])(
  `${requests} requests by the OpenAPI document, valid and bent (seed %i), meet no fault of ours`,
  async (seed) => {
    const values = createValues(seededRandom(seed));
    const operations = await readOperations();
    // A body has more places at which something can be wrong than an address.
    const often = operations.flatMap((each) => (each.requestBody ? Array<Operation>(5).fill(each) : [each]));
    const known = await settle();
    const agent = new Agent({ keepAlive: true, maxSockets: atOnce });
    const succeeded = new Set<string>();
    const faults: string[] = [];
    let sent = 0;
    const sendOn = async () => {
      while (sent < requests) {
        const operation = often[sent++ % often.length];
        if (!operation) return;
        // Each begins a thread, which takes a processor for a second.
        if (operation.operationId === 'tryOtherSettings' && succeeded.has(operation.operationId)) continue;
        const request = makeRequest(operation, known, values);
        const answer = await exchange(request, agent).catch((error: unknown) => String(error));
        const fault = typeof answer === 'string' ? answer : faultOf(request, answer);
        if (fault) {
          faults.push(
            `${request.method} ${request.path} ${JSON.stringify(request.headers)} ${request.body?.toString().slice(0, 300)}: ${fault}`,
          );
        }
        if (request.described && typeof answer !== 'string' && answer.status < 300)
          succeeded.add(operation.operationId);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, sendOn));
    agent.destroy();

    expect(faults).toEqual([]);
    expect(logged).toEqual([]);
    expect([...succeeded].sort()).toEqual(operations.map(({ operationId }) => operationId).sort());
    await until(() => site.streams === 0);
    expect(site.watches).toBe(0);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  },
  120_000,
);
