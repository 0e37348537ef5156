import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished, vi } from 'vitest';
import { createMemoryMetrics } from '../memory/metrics.ts';
import { silentLog } from '../memory/ports.ts';
import type { MetricsOutput } from '../ports/metrics.ts';
import { manualClock } from '../testing/manual-clock.ts';
import { createMeter } from './meter.ts';
import { createMetricsOutput } from './metrics-output.ts';
import { startMetricsPush } from './metrics-push.ts';
import { createOtlpMetrics } from './otlp-metrics.ts';

const minute = 60_000;
const origin = { program: 'route', instance: 'one' };

/** A program that works during requests alone. */
function pushing(output: MetricsOutput | null = createMemoryMetrics()) {
  const clock = manualClock();
  const meter = createMeter();
  const push = startMetricsPush({
    ...{ output, metrics: meter, origin, timers: null },
    now: () => clock.now().getTime(),
  });
  const tell = () => meter.instruments.count('spillway.dead_letters', { kind: 'message' });
  return { clock, push, tell };
}

it('writes at the end of the first request, then less and less often, and then once a minute at most', async () => {
  const metrics = createMemoryMetrics();
  const { clock, push, tell } = pushing(metrics);
  const writtenIn: number[] = [];
  for (let second = 0; second < 200; second++) {
    tell();
    const before = metrics.written.length;
    await push.whenDue();
    if (metrics.written.length > before) writtenIn.push(second);
    clock.advance(1_000);
  }
  expect(writtenIn).toEqual([0, 10, 30, 70, 130, 190]);
  expect(metrics.written.every((each) => each.origin === origin)).toBe(true);
  expect(metrics.latest('spillway.dead_letters')).toBe(191);
});

it('holds up no request for long where a write says nothing', async () => {
  const { push, tell } = pushing({ write: () => new Promise(() => {}) });
  tell();
  await push.whenDue();
});

it('does not hold up the end where the next write would come too early', async () => {
  const metrics = createMemoryMetrics();
  const { push, tell } = pushing(metrics);
  tell();
  await push.whenDue();
  tell();
  await push.stop();
  expect(metrics.written).toHaveLength(1);
});

it('writes nothing where there is no news, and the rest at its end', async () => {
  const metrics = createMemoryMetrics();
  const { clock, push, tell } = pushing(metrics);
  await push.whenDue();
  expect(metrics.written).toHaveLength(0);
  tell();
  await push.whenDue();
  clock.advance(10 * minute);
  await push.whenDue();
  expect(metrics.written).toHaveLength(1);
  clock.advance(-9 * minute);
  tell();
  await push.stop();
  expect(metrics.latest('spillway.dead_letters')).toBe(2);
  await push.stop();
  expect(metrics.written).toHaveLength(2);
});

it('tries later and later where writing fails, and loses nothing of what it counted', async () => {
  const metrics = createMemoryMetrics();
  let works = false;
  let tries = 0;
  const { clock, push, tell } = pushing({
    async write(...written) {
      tries++;
      return works && metrics.write(...written);
    },
  });
  for (let passed = 0; passed < 30; passed++) {
    tell();
    await push.whenDue();
    clock.advance(minute);
  }
  expect(tries).toBe(7);
  await push.stop();
  expect(tries).toBe(7);
  works = true;
  clock.advance(10 * minute);
  await push.whenDue();
  expect(metrics.latest('spillway.dead_letters')).toBe(30);
});

it('asks nobody for time where nothing is to be written', async () => {
  const { push, tell } = pushing(null);
  tell();
  await push.whenDue();
  await push.stop();
});

it('one warning says that metrics cannot be written, also where it comes and goes', async () => {
  const clock = manualClock();
  const said: string[] = [];
  const log = {
    ...silentLog,
    info: (_: object, line: string) => said.push(line),
    warn: (_: object, line: string) => said.push(line),
  };
  let works = false;
  const write = async () => {
    if (!works) throw new Error('It is away.');
  };
  const output = createMetricsOutput({ write }, { log, clock });
  const each = async (times: number) => {
    for (let done = 0; done < times; done++) {
      await output.write([], null);
      await output.write([], origin);
      clock.advance(30_000);
    }
  };
  await each(10);
  expect(said).toEqual(['Metrics cannot be written. It is away.']);
  works = true;
  await each(10);
  expect(said).toEqual(['Metrics cannot be written. It is away.', 'Metrics are written again.']);
  for (let flaps = 0; flaps < 19; flaps++) {
    works = !works;
    await each(1);
  }
  // Twice the time in which it is said once.
  expect(said.length).toBeLessThanOrEqual(6);
});

/** An endpoint of OTLP that answers as it is told. */
async function endpoint(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  longestMs?: number,
) {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  });
  const { port } = server.address() as AddressInfo;
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', `http://127.0.0.1:${port}`);
  const otlp = createOtlpMetrics(longestMs);
  onTestFinished(async () => {
    vi.unstubAllEnvs();
    await otlp.close();
  });
  return otlp;
}

it('sends to an endpoint of OTLP who counts and what', async () => {
  const bodies: Buffer[] = [];
  const otlp = await endpoint(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part);
    bodies.push(Buffer.concat(parts));
    response.writeHead(request.url === '/v1/metrics' ? 200 : 404).end();
  });
  const meter = createMeter();
  meter.instruments.count('spillway.routing.decisions', { target: 'vm', reason: 'vm_in_time', move: 'no' });
  await otlp.write(await meter.read(), origin);
  const sent = bodies[0]?.toString('latin1') ?? '';
  for (const word of [
    'service.name',
    'route',
    'service.instance.id',
    'spillway.routing.decisions',
    'vm_in_time',
  ]) {
    expect(sent).toContain(word);
  }
});

it.each([
  ['refuses', 403, 'Forbidden (403)'],
  ['is no endpoint of OTLP', 404, 'Not Found (404)'],
])('says why where the endpoint %s', async (_, status, why) => {
  const otlp = await endpoint((_request, response) => void response.writeHead(status).end('<html>no</html>'));
  await expect(Promise.resolve(otlp.write(await createMeter().read(), origin))).rejects.toMatchObject({
    name: 'OutageError',
    message: `The OTLP endpoint did not take metrics: ${why}.`,
  });
});

it.each<[string, (response: ServerResponse) => void]>([
  ['says nothing', () => {}],
  [
    'never ends its answer',
    (response) => {
      const more = setInterval(() => response.write('x'), 5);
      response.once('close', () => clearInterval(more));
    },
  ],
])('gives up where the endpoint %s', async (_, answer) => {
  const otlp = await endpoint((_request, response) => answer(response), 50);
  const written = Promise.resolve(otlp.write(await createMeter().read(), origin));
  await expect(written).rejects.toThrow('The OTLP endpoint did not take metrics');
});

it('says what is wrong where nobody listens', async () => {
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', 'http://127.0.0.1:9');
  onTestFinished(() => void vi.unstubAllEnvs());
  const otlp = createOtlpMetrics(50);
  const written = Promise.resolve(otlp.write(await createMeter().read(), origin));
  await expect(written).rejects.toThrow('The OTLP endpoint did not take metrics');
});
