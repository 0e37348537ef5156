import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import {
  boundedLabels,
  definitionOf,
  type MetricName,
  metricNames,
} from '@spillway/core/telemetry-metrics.ts';
import type { CounterName, HistogramName, Instruments } from '../ports/instruments.ts';
import type { OwnMetrics } from '../ports/metrics.ts';

export interface Meter extends OwnMetrics {
  instruments: Instruments;
}

/**
 * Counts and observes in this process's memory. Label values are those of the catalogue, so that the memory is bounded
 * whatever is told.
 */
export function createMeter(): Meter {
  const reader = new OnDemandReader();
  const meter = new MeterProvider({ readers: [reader] }).getMeter('spillway');
  const ofProcess = metricNames.filter((name) => definitionOf(name).scope === 'process');
  const counters = new Map(
    ofKind<CounterName>('counter', ofProcess).map((name) => [
      name,
      meter.createCounter(name, describe(name)),
    ]),
  );
  const histograms = new Map(
    ofKind<HistogramName>('histogram', ofProcess).map((name) => [
      name,
      meter.createHistogram(name, { ...describe(name), advice: bucketsOf(name) }),
    ]),
  );
  let told = 0;
  return {
    instruments: {
      count(name, labels) {
        told++;
        counters.get(name)?.add(1, boundedLabels(name, labels));
      },
      observe(name, labels, value) {
        told++;
        histograms.get(name)?.record(value, boundedLabels(name, labels));
      },
    },
    async read() {
      const { resourceMetrics } = await reader.collect();
      return resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics);
    },
    get told() {
      return told;
    },
  };
}

/** Is read when somebody asks, and has nothing to do in between. */
class OnDemandReader extends MetricReader {
  protected async onShutdown(): Promise<void> {}
  protected async onForceFlush(): Promise<void> {}
}

function ofKind<Name extends MetricName>(kind: string, names: readonly MetricName[]): Name[] {
  return names.filter((name): name is Name => definitionOf(name).kind === kind);
}

function describe(name: MetricName): { description: string; unit: string } {
  const { meaning, unit } = definitionOf(name);
  return { description: meaning, unit };
}

function bucketsOf(name: HistogramName): { explicitBucketBoundaries: number[] } {
  return { explicitBucketBoundaries: [...(definitionOf(name).buckets ?? [])] };
}
