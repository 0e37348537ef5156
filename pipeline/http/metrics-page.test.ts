import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { DataPointType } from '@opentelemetry/sdk-metrics';
import { expect, it, onTestFinished } from 'vitest';
import { gaugeMetrics } from '../telemetry/gauges.ts';
import { createMetricsPage, type ReaderLimits } from './metrics-page.ts';

/** More than the buffers between two sockets hold. */
const many = 600_000;

/** A page so long that a reader who does not read holds it up, and how often it was made. */
async function longPage(limits: Partial<ReaderLimits>, servesMs = 60_000) {
  let reads = 0;
  const [metric] = gaugeMetrics([{ name: 'spillway.passed_over', labels: {}, value: 1 }], new Date());
  if (metric?.dataPointType !== DataPointType.GAUGE) throw new Error('It is no gauge.');
  const long = { ...metric, dataPoints: Array(many).fill(metric.dataPoints[0]) };
  const page = createMetricsPage(
    async () => {
      reads++;
      return [long];
    },
    servesMs,
    limits,
  );
  const server = createServer((_request, response) => void page.answer(response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  });
  const { port } = server.address() as AddressInfo;
  return { get: () => fetch(`http://127.0.0.1:${port}/metrics`), port, reads: () => reads };
}

/** Asks, and reads nothing of the answer. Resolves when it has begun. */
async function hang(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  socket.write('GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n');
  await once(socket, 'readable');
  return socket;
}

it('readers that hang take no more than their places, and one text serves all', async () => {
  const { get, port, reads } = await longPage({ readers: 2, readMs: 3_600_000 });
  const hanging = [await hang(port), await hang(port)];
  expect((await get()).status).toBe(503);
  for (const socket of hanging) socket.destroy();
  await expect.poll(async () => (await get()).status).toBe(200);
  expect(reads()).toBe(1);
});

it('a reader that has left before it is let in takes no place', async () => {
  const page = createMetricsPage(async () => [], 0, { readers: 1, readMs: 3_600_000 });
  const left = Promise.withResolvers<boolean>();
  const server = createServer((_request, response) => {
    // Such as while its API key is looked up.
    response.once('close', () => left.resolve(page.admit(response)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1', () => {
    socket.write('GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n', () => socket.destroy());
  });
  expect(await left.promise).toBe(false);
});

it('a reader that hangs is cut off, and the next one is answered', async () => {
  const { get, port } = await longPage({ readers: 1, readMs: 20 });
  const socket = await hang(port);
  const closed = once(socket, 'close');
  socket.resume();
  await closed;
  await expect.poll(async () => (await get()).status).not.toBe(503);
});

it('reads again when a text is old', async () => {
  const { get, reads } = await longPage({}, 0);
  for (let times = 0; times < 2; times++) await (await get()).text();
  expect(reads()).toBe(2);
});
