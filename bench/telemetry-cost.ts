import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { quantile } from './quantile.ts';
import { type BenchStack, withStack } from './stack-jobs.ts';

/** Pairs of bursts, after one of each that is not counted. */
const pairs = 7;
const size = { vms: 2, slots: 1, runMax: 1 };

/** What a burst has cost. */
export interface BurstFigures {
  jobsPerSecond: number;
  /** Processor milliseconds per job, of everything. */
  cpuMsPerJob: number;
}

export interface TelemetryCost {
  pairs: { off: BurstFigures; on: BurstFigures }[];
  /** With telemetry by without, of each pair: the median, and the quartiles. 1 would be no cost. */
  throughput: Quartiles;
  cpu: Quartiles;
  /** Requests, and their bytes, that the collector was sent. */
  exported: { requests: number; bytes: number };
}

interface Quartiles {
  p25: number;
  p50: number;
  p75: number;
}

/**
 * The same bursts on two stacks side by side, in turns: on one of them every program sends the traces of all jobs and its
 * metrics to a collector, and on the other none does.
 */
export async function telemetryCost(
  burst: (bench: BenchStack, round: number) => Promise<BurstFigures>,
): Promise<TelemetryCost> {
  const collector = await startCollector();
  const off = { SPILLWAY_TRACES: 'off', SPILLWAY_METRICS: 'off' };
  const on = {
    SPILLWAY_TRACES: 'otlp',
    SPILLWAY_METRICS: 'otlp',
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.address,
  };
  try {
    const measured = await withStack({ ...size, environment: off }, (without) =>
      withStack({ ...size, environment: on }, (withIt) => inTurns(without, withIt, burst)),
    );
    return {
      pairs: measured,
      throughput: quartiles(measured.map((pair) => pair.on.jobsPerSecond / pair.off.jobsPerSecond)),
      cpu: quartiles(measured.map((pair) => pair.on.cpuMsPerJob / pair.off.cpuMsPerJob)),
      exported: collector.received,
    };
  } finally {
    collector.close();
  }
}

async function inTurns(
  without: BenchStack,
  withIt: BenchStack,
  burst: (bench: BenchStack, round: number) => Promise<BurstFigures>,
): Promise<TelemetryCost['pairs']> {
  const measured: TelemetryCost['pairs'] = [];
  for (let round = 0; round <= pairs; round++) {
    // Each is first in half of the pairs, since the machine may be getting slower or faster.
    const [first, second] = round % 2 === 0 ? [without, withIt] : [withIt, without];
    const figures = new Map<BenchStack, BurstFigures>();
    for (const bench of [first, second]) figures.set(bench, await burst(bench, round));
    const [off, on] = [figures.get(without), figures.get(withIt)];
    if (round > 0 && off && on) measured.push({ off, on });
  }
  return measured;
}

/** Takes whatever is sent to it. */
async function startCollector() {
  const received = { requests: 0, bytes: 0 };
  const server = createServer((request, response) => {
    received.requests++;
    request.on('data', (chunk: Buffer) => {
      received.bytes += chunk.length;
    });
    request.on('end', () => response.writeHead(200).end());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    received,
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

function quartiles(values: number[]): Quartiles {
  return { p25: quantile(values, 0.25), p50: quantile(values, 0.5), p75: quantile(values, 0.75) };
}
