import { expect, it } from 'vitest';
import { mostOperations } from './operations.ts';
import {
  boundedLabels,
  cloudMonitoringFormOf,
  cloudMonitoringTypeOf,
  definitionOf,
  metricNames,
  prometheusNameOf,
  valuesOf,
} from './telemetry-metrics.ts';

it('names each metric as Prometheus and Cloud Monitoring allow, and none twice', () => {
  const prometheus = metricNames.map(prometheusNameOf);
  const monitoring = metricNames.map(cloudMonitoringTypeOf);
  expect(new Set(prometheus).size).toBe(metricNames.length);
  expect(new Set(monitoring).size).toBe(metricNames.length);
  for (const name of prometheus) expect(name).toMatch(/^spillway_[a-z]+(_[a-z]+)*$/);
  for (const type of monitoring)
    expect(type).toMatch(/^custom\.googleapis\.com\/spillway(\/[a-z]+(_[a-z]+)*)+$/);
  expect(prometheusNameOf('spillway.jobs.ended')).toBe('spillway_jobs_ended_total');
  expect(prometheusNameOf('spillway.job.wait')).toBe('spillway_job_wait_seconds');
  expect(cloudMonitoringTypeOf('spillway.offered_work')).toBe('custom.googleapis.com/spillway/offered_work');
  expect(cloudMonitoringFormOf('spillway.job.wait')).toEqual({
    metricKind: 'CUMULATIVE',
    valueType: 'DISTRIBUTION',
  });
});

it('has rising buckets for histograms, and none for the others', () => {
  for (const name of metricNames) {
    const { kind, buckets } = definitionOf(name);
    expect(buckets !== undefined, name).toBe(kind === 'histogram');
    const rising = [...(buckets ?? [])].sort((a, b) => a - b);
    expect(buckets ?? [], name).toEqual(rising);
  }
});

/** Values that a label can have, where a program has as many plug-ins as are allowed. */
function mostOf(values: Parameters<typeof valuesOf>[0]): number {
  return values === 'operations' ? mostOperations + 1 : valuesOf(values).length;
}

it('has no label that names a job, a person or a file, and few series for all others', () => {
  for (const name of metricNames) {
    const { labels, kind } = definitionOf(name);
    // Only a failure has a code.
    const { code, ...others } = labels;
    const product = Object.values(others).reduce((most, values) => most * mostOf(values), 1);
    const series = code === undefined ? product : (product * (mostOf(code) + 3)) / 5;
    // The SDK of OpenTelemetry takes 2,000 of one metric apart.
    expect(series, name).toBeLessThanOrEqual(kind === 'histogram' ? 60 : 2_000);
    for (const label of Object.keys(labels)) expect(label).not.toMatch(/job|owner|id|name|file|worker/);
  }
});

it('calls a value that it does not know other', () => {
  const labels = { operation: 'sketch', target: 'vm', state: 'failed', code: 'corrupt_image' } as const;
  expect(boundedLabels('spillway.jobs.ended', labels)).toEqual(labels);
  const strange = { ...labels, operation: 'plug-in-that-is-gone', code: 'code_of_tomorrow' as 'internal' };
  expect(boundedLabels('spillway.jobs.ended', strange)).toEqual({
    ...labels,
    operation: 'other',
    code: 'other',
  });
});
