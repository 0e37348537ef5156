import { builtInNames } from '@spillway/core/operations.ts';
import {
  cloudMonitoringFormOf,
  cloudMonitoringTypeOf,
  definitionOf,
  type MetricDefinition,
  type MetricName,
  metricNames,
  prometheusNameOf,
} from '@spillway/core/telemetry-metrics.ts';

/** The catalogue as a table: a row for each metric of one scope. */
export function metricsTable(scope: MetricDefinition['scope']): string {
  const rows = metricNames
    .filter((name) => definitionOf(name).scope === scope)
    .map((name) => {
      const { kind, unit, labels, meaning } = definitionOf(name);
      const keys = Object.keys(labels).map((label) => `\`${label}\``);
      const cells = [`\`${prometheusNameOf(name)}\``, kind, unit.replaceAll(/[{}]/g, ''), keys.join(', ')];
      return `| ${cells.join(' | ')} | ${meaning} |`;
    });
  return ['| metric | kind | unit | labels | meaning |', '|---|---|---|---|---|', ...rows].join('\n');
}

/** How Cloud Monitoring calls them. */
export function cloudNamesTable(): string {
  const rows = metricNames.map((name) => {
    const { metricKind, valueType } = cloudMonitoringFormOf(name);
    return `| \`${prometheusNameOf(name)}\` | \`${cloudMonitoringTypeOf(name)}\` | ${metricKind} ${valueType} |`;
  });
  return ['| metric | type in Cloud Monitoring | form |', '|---|---|---|', ...rows].join('\n');
}

/** The values of labels that are not operations. */
export function labelsTable(): string {
  const values = new Map<string, { metrics: MetricName[]; text: string }>();
  for (const name of metricNames) {
    for (const [label, each] of Object.entries(definitionOf(name).labels)) {
      const text = each === 'operations' ? operations : each.map((value) => `\`${value}\``).join(', ');
      const row = values.get(`${label}: ${text}`) ?? { metrics: [], text };
      row.metrics.push(name);
      values.set(`${label}: ${text}`, row);
    }
  }
  const rows = [...values].map(([key, { metrics, text }]) => {
    const names = metrics.map((name) => `\`${prometheusNameOf(name)}\``).join(', ');
    return `| \`${key.split(':')[0]}\` | ${text} | ${names} |`;
  });
  return ['| label | values | of |', '|---|---|---|', ...rows].join('\n');
}

const operations = `names of operations: ${builtInNames.map((name) => `\`${name}\``).join(', ')}, and those of plug-ins`;
