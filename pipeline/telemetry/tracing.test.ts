import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { context, trace } from '@opentelemetry/api';
import { spanAttributes } from '@spillway/core/spans.ts';
import { expect, it, onTestFinished, vi } from 'vitest';
import { baseConfigSchema, parseConfig } from '../config.ts';
import type { Log } from '../ports/ports.ts';
import { type ProcessTracing, startTracing } from './tracing.ts';

const environment = {
  SPILLWAY_PROJECT: 'demo',
  SPILLWAY_UPLOADS_BUCKET: 'uploads',
  SPILLWAY_WEB_UPLOADS_BUCKET: 'web-uploads',
  SPILLWAY_RESULTS_BUCKET: 'results',
};

function start(variables: Record<string, string>) {
  const warnings: string[] = [];
  const lines: string[] = [];
  const log: Log = {
    info: (_, line) => void lines.push(line),
    warn: (_, line) => void warnings.push(line),
    error: (_, line) => void warnings.push(line),
  };
  const config = parseConfig(baseConfigSchema, { ...environment, ...variables });
  const tracing = startTracing({ name: 'site', instance: 'one' }, config, log);
  onTestFinished(async () => {
    await tracing.stop();
    context.disable();
  });
  return { tracing, warnings, lines };
}

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'spillway-traces-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

function makeSpans({ tracer }: ProcessTracing, count: number): void {
  for (let made = 0; made < count; made++) tracer.startSpan('upload').end();
}

it('writes spans into a file, a request of OTLP in each line', async () => {
  const path = await folder();
  const { tracing } = start({ SPILLWAY_TRACES: 'file', SPILLWAY_TRACES_DIR: path });
  const ids = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) };
  const root = tracing.startRoot(ids, 'upload', { attributes: { [spanAttributes.jobId]: 'job-1' } });
  const inside = trace.setSpan(context.active(), root);
  tracing.tracer.startSpan('route', {}, inside).end();
  root.end();
  await tracing.stop();

  expect(await readdir(path)).toEqual(['site-one.jsonl']);
  const text = await readFile(join(path, 'site-one.jsonl'), 'utf8');
  const requests = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(requests).toMatchObject([
    {
      resourceSpans: [
        {
          resource: {
            attributes: expect.arrayContaining([
              { key: 'service.name', value: { stringValue: 'site' } },
              { key: 'service.version', value: { stringValue: '0.1.0' } },
              { key: 'service.instance.id', value: { stringValue: 'one' } },
            ]),
          },
          scopeSpans: [
            {
              spans: [
                { name: 'route', traceId: ids.traceId, parentSpanId: ids.spanId },
                {
                  name: 'upload',
                  ...ids,
                  attributes: [{ key: 'spillway.job.id', value: { stringValue: 'job-1' } }],
                },
              ],
            },
          ],
        },
      ],
    },
  ]);
});

it('passes a context on where traces are off, and keeps nothing', () => {
  const { tracing } = start({});
  const remote = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1, isRemote: true };
  const root = tracing.startRoot(remote, 'upload', {});
  expect(root.spanContext()).toMatchObject({ traceId: remote.traceId, traceFlags: 0 });
  expect(root.isRecording()).toBe(false);
});

it('keeps a share of the traces, and what an incoming context wants to be kept', async () => {
  const { tracing } = start({
    SPILLWAY_TRACES: 'file',
    SPILLWAY_TRACES_DIR: await folder(),
    SPILLWAY_TRACES_SAMPLED: '0',
  });
  expect(tracing.tracer.startSpan('upload').isRecording()).toBe(false);
  const incoming = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), isRemote: true };
  const under = (traceFlags: number) =>
    tracing.tracer.startSpan(
      'route',
      {},
      trace.setSpanContext(context.active(), { ...incoming, traceFlags }),
    );
  expect(under(1).isRecording()).toBe(true);
  expect(under(0).isRecording()).toBe(false);
});

it.each<[string, Record<string, string>]>([
  ['SPILLWAY_TRACES_DIR', { SPILLWAY_TRACES: 'file' }],
  ['SPILLWAY_TRACES=file', { SPILLWAY_TRACES_DIR: '/tmp' }],
  ['OTEL_EXPORTER_OTLP_ENDPOINT', { SPILLWAY_TRACES: 'otlp' }],
  ['OTEL_EXPORTER_OTLP_ENDPOINT', { SPILLWAY_TRACES: 'otlp', OTEL_EXPORTER_OTLP_ENDPOINT: 'collector' }],
  [
    'http/protobuf',
    {
      SPILLWAY_TRACES: 'otlp',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4317',
      OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
    },
  ],
  ['SPILLWAY_TRACES_SAMPLED', { SPILLWAY_TRACES_SAMPLED: '2' }],
  ['SPILLWAY_TRACES', { SPILLWAY_TRACES: 'jaeger' }],
])('names %s where the environment is %j', (variable, variables) => {
  expect(() => parseConfig(baseConfigSchema, { ...environment, ...variables })).toThrow(variable);
});

/** The address of an endpoint that answers like this. */
async function endpoint(answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await new Promise((resolve) => server.once('listening', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function startWith(address: string) {
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', address);
  onTestFinished(() => void vi.unstubAllEnvs());
  return start({ SPILLWAY_TRACES: 'otlp', OTEL_EXPORTER_OTLP_ENDPOINT: address });
}

it('an endpoint that is wrong costs one warning, and what it dropped is counted', async () => {
  const address = await endpoint((_, response) => void response.writeHead(404).end());
  const { tracing, warnings } = startWith(address);
  for (let round = 1; round <= 3; round++) {
    makeSpans(tracing, 10);
    await expect.poll(() => tracing.flush(60_000).then(() => tracing.dropped())).toBeGreaterThan(0);
  }
  expect(warnings).toEqual([expect.stringContaining('cannot be written to the OTLP endpoint')]);
});

it('an endpoint that never answers holds no request, and no more than a bounded number of spans', async () => {
  const { promise: closed, resolve: close } = Promise.withResolvers<void>();
  const { tracing } = startWith(
    await endpoint((_, response) => void closed.then(() => response.writeHead(400).end())),
  );
  const most = 4_096;
  makeSpans(tracing, most + 1_000);
  await tracing.flush(10);
  expect(tracing.dropped()).toBe(1_000);
  makeSpans(tracing, most);
  await tracing.flush(10);
  expect(tracing.dropped()).toBe(most + 1_000);
  close();
});

it('an endpoint that was away gets what ends from then on, and the log says so', async () => {
  let away = true;
  let batches = 0;
  const address = await endpoint((request, response) => {
    request.resume().on('end', () => {
      response.writeHead(away ? 400 : 200).end();
      if (!away) batches++;
    });
  });
  const { tracing, lines } = startWith(address);
  makeSpans(tracing, 600);
  await expect.poll(() => tracing.dropped()).toBeGreaterThan(0);
  away = false;
  makeSpans(tracing, 600);
  await tracing.stop();
  expect(batches).toBeGreaterThan(0);
  expect(lines).toEqual([expect.stringContaining('again')]);
});
