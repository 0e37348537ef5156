import { definitionOf, metricNames, prometheusNameOf } from '@spillway/core/telemetry-metrics.ts';
import { parsePrometheus } from '@spillway/pipeline/testing/prometheus-format.ts';
import { expect, inject, it } from 'vitest';
import { adminTokenOf } from './admin-token.ts';

const { web, adminUrl, called } = inject('stack');

it('an admin reads what is true of the system at /metrics, and no stranger does', async () => {
  const address = new URL('/metrics', web);
  const answer = await fetch(address, { headers: { authorization: `Bearer ${adminTokenOf(adminUrl)}` } });
  expect([answer.status, answer.headers.get('content-type')]).toEqual([
    200,
    'text/plain; version=0.0.4; charset=utf-8',
  ]);
  const families = parsePrometheus(await answer.text());
  // What prewarming tells is there where it is switched on.
  const ofPrewarming = ['spillway.forecast.arrivals', 'spillway.run.minimum_instances'];
  const expected = metricNames.filter(
    (name) => definitionOf(name).scope === 'system' && !ofPrewarming.includes(name),
  );
  expect([...families.keys()]).toEqual(expect.arrayContaining(expected.map(prometheusNameOf)));
  const ready = families
    .get('spillway_workers')
    ?.samples.find(({ labels }) => labels.target === 'vm' && labels.state === 'ready');
  expect(ready?.value).toBeGreaterThan(0);
  expect((await fetch(address)).status).toBe(401);
});

it('functions show what they count to those who may call them alone', async () => {
  for (const address of [called.route, called.routeWeb, called.sweep, called.findLost]) {
    expect((await fetch(new URL('/metrics', address))).status).toBe(401);
  }
});
