import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ExportResultCode } from '@opentelemetry/core';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { expect, it, onTestFinished, vi } from 'vitest';
import { createCloudExporter } from './cloud-traces.ts';

async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await new Promise((resolve) => server.once('listening', resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function someSpans(): ReadableSpan[] {
  const kept = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(kept)] });
  provider.getTracer('test').startSpan('upload').end();
  return kept.getFinishedSpans();
}

/** What Google's endpoint is sent by a program on a machine with this metadata server. */
async function exportFrom(metadata: RequestListener) {
  vi.stubEnv('GCE_METADATA_HOST', await serve(metadata));
  vi.stubEnv('METADATA_SERVER_DETECTION', 'assume-present');
  onTestFinished(() => void vi.unstubAllEnvs());
  const requests: IncomingMessage['headers'][] = [];
  const endpoint = await serve((request, response) => {
    requests.push(request.headers);
    request.resume().on('end', () => {
      response.writeHead(request.headers.authorization ? 200 : 401).end();
    });
  });
  const exporter = createCloudExporter(`http://${endpoint}/v1/traces`);
  const code = await new Promise((resolve) => exporter.export(someSpans(), (result) => resolve(result.code)));
  return { requests, code };
}

it('shows Google’s endpoint a token of the program’s own account', async () => {
  const { requests, code } = await exportFrom((request, response) => {
    response.setHeader('Metadata-Flavor', 'Google').setHeader('Content-Type', 'application/json');
    const token = { access_token: 'the-token', expires_in: 3_599, token_type: 'Bearer' };
    response.end(request.url?.includes('/token') ? JSON.stringify(token) : '{}');
  });
  expect(requests).toMatchObject([
    { authorization: 'Bearer the-token', 'content-type': 'application/x-protobuf' },
  ]);
  expect(code).toBe(ExportResultCode.SUCCESS);
});

it('a program without credentials fails to export, and nothing else', async () => {
  const { code } = await exportFrom((_, response) => void response.writeHead(404).end());
  expect(code).toBe(ExportResultCode.FAILED);
});
