import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { metricNames, prometheusNameOf } from '@spillway/core/telemetry-metrics.ts';
import { expect, it, onTestFinished } from 'vitest';
import { metricsOfEverything } from '../testing/metrics-of-everything.ts';
import { parsePrometheus } from '../testing/prometheus-format.ts';
import { prometheusText } from './prometheus.ts';

const run = promisify(execFile);

/** Prometheus' own library for Python, which has the parser. @see https://github.com/prometheus/client_python */
const client = 'prometheus-client==0.26.0';

/** Prints each metric that the parser finds, with its type and its samples. */
const script = `
import json, sys
from prometheus_client.parser import text_string_to_metric_families
families = text_string_to_metric_families(open(sys.argv[1]).read())
print(json.dumps([[f.name, f.type, [[s.name, s.labels, s.value] for s in f.samples]] for f in families]))
`;

/** The interpreter of an environment that has the client; a sentence where there can be none here. */
async function python(folder: string): Promise<{ path: string } | { lacks: string }> {
  try {
    await run('python3', ['-m', 'venv', folder]);
  } catch (error) {
    return { lacks: `Python with venv is not here: ${String(error)}` };
  }
  const path = join(folder, 'bin', 'python');
  try {
    await run(path, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', client], {
      timeout: 60_000,
    });
  } catch (error) {
    return { lacks: `pip cannot reach PyPI for ${client}: ${String(error)}` };
  }
  return { path };
}

it("Prometheus' own parser reads /metrics", async ({ skip }) => {
  const folder = await mkdtemp(join(tmpdir(), 'spillway-prometheus-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const found = await python(join(folder, 'venv'));
  if ('lacks' in found) return skip(found.lacks);
  const text = prometheusText(await metricsOfEverything());
  const file = join(folder, 'metrics.txt');
  await writeFile(file, text);
  const { stdout } = await run(found.path, ['-c', script, file], { maxBuffer: 64 * 1_024 * 1_024 });
  const families: [string, string, [string, Record<string, string>, number][]][] = JSON.parse(stdout);

  // The parser leaves the ending of a counter to its samples.
  const named = families.map(([name, type]) => (type === 'counter' ? `${name}_total` : name));
  expect(named.sort()).toEqual(metricNames.map(prometheusNameOf).sort());
  const read = families.flatMap(([, , samples]) => samples);
  const ours = [...parsePrometheus(text).values()].flatMap(({ samples }) => samples);
  expect(read.map((sample) => JSON.stringify(sample)).sort()).toEqual(
    ours.map(({ name, labels, value }) => JSON.stringify([name, labels, value])).sort(),
  );
});
