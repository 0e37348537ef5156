import { metricCatalogue, metricNames, prometheusNameOf } from '@spillway/core/telemetry-metrics.ts';
import { expect, it } from 'vitest';
import { metricsOfEverything } from '../testing/metrics-of-everything.ts';
import { parsePrometheus } from '../testing/prometheus-format.ts';
import { createMeter } from './meter.ts';
import { prometheusText } from './prometheus.ts';

it('shows every metric of the catalogue by the rules of the format', async () => {
  const families = parsePrometheus(prometheusText(await metricsOfEverything()));
  expect([...families.keys()].sort()).toEqual(metricNames.map(prometheusNameOf).sort());
  const ended = families.get('spillway_jobs_ended_total');
  expect([ended?.type, ended?.help]).toEqual(['counter', metricCatalogue['spillway.jobs.ended'].meaning]);
  const run = families.get('spillway_job_run_seconds');
  expect(run?.samples).toContainEqual({
    name: 'spillway_job_run_seconds_bucket',
    labels: { operation: 'sketch', target: 'vm', le: '+Inf' },
    value: metricCatalogue['spillway.job.run'].buckets.length + 2,
  });
});

it('is empty before anything has happened', async () => {
  expect(prometheusText(await createMeter().read())).toBe('');
});

it.each([
  ['a TYPE twice', '# HELP a x\n# TYPE a gauge\n# TYPE a gauge\na 1\n'],
  [
    'a metric in two places',
    '# HELP a x\n# TYPE a gauge\na{b="1"} 1\n# HELP c x\n# TYPE c gauge\na{b="2"} 1\n',
  ],
  ['a series twice', '# HELP a x\n# TYPE a gauge\na{b="1"} 1\na{b="1"} 2\n'],
  ['a quote that is not escaped', '# HELP a x\n# TYPE a gauge\na{b="1"2"} 1\n'],
  [
    'buckets that fall',
    '# HELP a x\n# TYPE a histogram\na_count 2\na_sum 1\na_bucket{le="1"} 3\na_bucket{le="+Inf"} 2\n',
  ],
  ['a count that is not +Inf', '# HELP a x\n# TYPE a histogram\na_count 3\na_sum 1\na_bucket{le="+Inf"} 2\n'],
  ['a last line without its end', '# HELP a x\n# TYPE a gauge\na 1'],
])('the check finds %s', (_, text) => {
  expect(() => parsePrometheus(text)).toThrow();
});

it('has a bounded number of series whatever it is told', async () => {
  const meter = createMeter();
  for (let strange = 0; strange < 10_000; strange++) {
    const labels = {
      operation: `plug-in-${strange}`,
      target: `t${strange}`,
      state: 'failed',
      code: `c${strange}`,
    };
    meter.instruments.count('spillway.jobs.ended', labels as never);
    meter.instruments.observe('spillway.job.run', labels as never, strange);
  }
  const families = parsePrometheus(prometheusText(await meter.read()));
  expect(families.get('spillway_jobs_ended_total')?.samples).toEqual([
    {
      name: 'spillway_jobs_ended_total',
      labels: { operation: 'other', target: 'other', state: 'failed', code: 'other' },
      value: 10_000,
    },
  ]);
  const counts = families
    .get('spillway_job_run_seconds')
    ?.samples.filter(({ name }) => name.endsWith('_count'));
  expect(counts).toHaveLength(1);
});
