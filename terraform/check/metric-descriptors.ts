import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  cloudMonitoringFormOf,
  cloudMonitoringTypeOf,
  definitionOf,
  type MetricDefinition,
  type MetricName,
  metricNames,
} from '@spillway/core/telemetry-metrics.ts';

/**
 * The catalogue of metrics as Terraform reads it: `terraform/metrics.json`. Terraform makes the descriptors from it, and
 * alarms and dashboards take the types of metrics from it by name, so that a name that is not in the catalogue fails
 * the plan.
 */
const file = fileURLToPath(new URL('../metrics.json', import.meta.url));

/** What a metric's series are written for: https://cloud.google.com/monitoring/api/resources */
const resourceTypes: Record<MetricDefinition['scope'], string> = {
  process: 'generic_task',
  system: 'global',
};

interface MetricDescriptor {
  type: string;
  resource: string;
  kind: string;
  value: string;
  unit: string;
  meaning: string;
  labels: string[];
}

/** By the catalogue's names. */
export function metricDescriptors(): Record<string, MetricDescriptor> {
  return Object.fromEntries(metricNames.map((name) => [name, descriptorOf(name)]));
}

function descriptorOf(name: MetricName): MetricDescriptor {
  const { scope, unit, meaning, labels } = definitionOf(name);
  const { metricKind, valueType } = cloudMonitoringFormOf(name);
  return {
    type: cloudMonitoringTypeOf(name),
    resource: resourceTypes[scope],
    kind: metricKind,
    value: valueType,
    unit,
    meaning,
    labels: Object.keys(labels),
  };
}

const text = (): string => `${JSON.stringify(metricDescriptors(), null, 2)}\n`;

export function writeMetricDescriptors(): void {
  writeFileSync(file, text());
}

/** A sentence where the file is not what the catalogue says. */
export function metricDescriptorsOutOfDate(): string[] {
  return readFileSync(file, 'utf8').replaceAll('\r\n', '\n') === text()
    ? []
    : [
        'terraform/metrics.json is not the catalogue of core/telemetry-metrics.ts. Make it again with `npm run check:terraform -- --extracts`, and commit it.',
      ];
}
