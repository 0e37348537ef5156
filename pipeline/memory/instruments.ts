import { boundedLabels, type MetricName } from '@spillway/core/telemetry-metrics.ts';
import type { Instruments } from '../ports/instruments.ts';

export interface ToldFact {
  name: MetricName;
  labels: Readonly<Record<string, string>>;
  /** 1 for a counter. */
  value: number;
}

export interface MemoryInstruments extends Instruments {
  /** Everything that was told, the oldest first. */
  readonly told: readonly ToldFact[];
}

/** Remembers each fact: for tests. */
export function createMemoryInstruments(): MemoryInstruments {
  const told: ToldFact[] = [];
  return {
    told,
    count: (name, labels) => void told.push({ name, labels: boundedLabels(name, labels), value: 1 }),
    observe: (name, labels, value) => void told.push({ name, labels: boundedLabels(name, labels), value }),
  };
}

export const noInstruments: Instruments = { count() {}, observe() {} };
