import { definitionOf, type MetricName, metricNames, valuesOf } from '@spillway/core/telemetry-metrics.ts';
import { metricDescriptors } from '../metric-descriptors.ts';
import { type Comparison, comparisonsOf, type MetricQuery, queriesOf, tilesOf } from '../metric-filters.ts';
import type { Plan } from '../plan.ts';
import type { Policy } from '../policy.ts';
import { blocksAt, ofType, textAt } from '../read-plan.ts';

/** What alarms and charts ask for is held against the catalogue of metrics, against metrics of logs, and against Google's. */
export const metricPolicies: Policy[] = [
  {
    name: 'Alarms and charts ask for metrics and labels that there are',
    findings: (plan) =>
      queriesOf(plan).flatMap((query) =>
        findingsOf(query, metricsOf(plan)).map((what) => `${query.asker} ${what}`),
      ),
  },
  {
    name: 'Tiles of a dashboard do not overlap, and fit its width',
    findings: (plan) =>
      ofType(plan, 'google_monitoring_dashboard').flatMap((dashboard) => {
        const tiles = tilesOf(dashboard);
        return tiles.flatMap((tile, index) => [
          ...(tile.xPos + tile.width > 48 ? [`${dashboard.address} "${tile.title}" is too wide.`] : []),
          ...tiles
            .slice(index + 1)
            .filter((other) => overlap(tile, other))
            .map((other) => `${dashboard.address} "${tile.title}" is over "${other.title}".`),
        ]);
      }),
  },
  {
    name: 'Every metric of the catalogue is on a dashboard',
    findings: (plan) => {
      const shown = queriesOf(plan).filter(({ asker }) => asker.startsWith('google_monitoring_dashboard.'));
      return metricNames
        .filter((name) => !shown.some(({ filter }) => filter.includes(`"${descriptors[name]?.type}"`)))
        .map((name) => `No dashboard shows ${name}.`);
    },
  },
];

const descriptors = metricDescriptors();

/** A metric, with what a filter may say of it. */
interface KnownMetric {
  resources: string[];
  /** A label with its values; null where it may have any. */
  labels: Record<string, readonly string[] | null>;
  /** `CUMULATIVE` and `DELTA` are counted, and `GAUGE` is measured. */
  kind: 'CUMULATIVE' | 'DELTA' | 'GAUGE';
  isDistribution: boolean;
}

/**
 * Google's own metrics that are asked for.
 * @see https://cloud.google.com/monitoring/api/metrics_gcp
 */
const ofGoogle: Record<string, KnownMetric> = {
  'pubsub.googleapis.com/subscription/num_undelivered_messages': gauge('pubsub_subscription'),
  'pubsub.googleapis.com/subscription/oldest_unacked_message_age': gauge('pubsub_subscription'),
  'run.googleapis.com/request_count': {
    resources: ['cloud_run_revision'],
    labels: { response_code_class: ['2xx', '3xx', '4xx', '5xx'] },
    kind: 'DELTA',
    isDistribution: false,
  },
  'run.googleapis.com/container/instance_count': gauge('cloud_run_revision', { state: ['active', 'idle'] }),
  'compute.googleapis.com/instance_group/size': gauge('instance_group'),
  'monitoring.googleapis.com/uptime_check/check_passed': gauge('uptime_url'),
};

function gauge(resource: string, labels: KnownMetric['labels'] = {}): KnownMetric {
  return { resources: [resource], labels, kind: 'GAUGE', isDistribution: false };
}

/** Metrics that there are in a plan, by type. */
export function metricsOf(plan: Plan): Record<string, KnownMetric> {
  const ours = metricNames.map((name): [string, KnownMetric] => [descriptors[name]?.type ?? '', known(name)]);
  const ofLogs = ofType(plan, 'google_logging_metric').map((metric): [string, KnownMetric] => {
    const labels = blocksAt(metric, 'metric_descriptor', 'labels').map(({ key }) => [String(key), null]);
    return [
      `logging.googleapis.com/user/${textAt(metric, 'name')}`,
      {
        resources: ['cloud_run_revision', 'gce_instance'],
        labels: Object.fromEntries(labels),
        kind: 'DELTA',
        isDistribution: false,
      },
    ];
  });
  return { ...ofGoogle, ...Object.fromEntries([...ours, ...ofLogs]) };
}

function known(name: MetricName): KnownMetric {
  const { kind, labels } = definitionOf(name);
  return {
    resources: [descriptors[name]?.resource ?? ''],
    labels: Object.fromEntries(
      Object.entries(labels).map(([label, values]) => [
        label,
        // Plug-ins add operations of their own.
        values === 'operations' ? null : valuesOf(values),
      ]),
    ),
    kind: kind === 'gauge' ? 'GAUGE' : 'CUMULATIVE',
    isDistribution: kind === 'histogram',
  };
}

function findingsOf(query: MetricQuery, metrics: Record<string, KnownMetric>): string[] {
  const found = filterFindings(query.filter, metrics);
  const type = typeIn(query.filter);
  const metric = metrics[type];
  if (metric === undefined) return found;
  return [
    ...found,
    ...query.groupBy.flatMap((field) => labelFindings(field, [], type, metric)),
    ...aggregationFindings(query, type, metric),
  ];
}

/** What is wrong with a filter itself, one sentence each. */
export function filterFindings(filter: string, metrics: Record<string, KnownMetric>): string[] {
  const comparisons = comparisonsOf(filter);
  if (comparisons === null) return [`has a filter that the policies cannot read: ${filter}`];
  const type = typeIn(filter);
  const metric = metrics[type];
  if (metric === undefined) return [`asks for ${type}, which nobody writes.`];
  const resources = valuesFor(comparisons, 'resource.type');
  const isOfLogs = type.startsWith('logging.googleapis.com/');
  return [
    ...resources
      .filter((resource) => !metric.resources.includes(resource))
      .map((resource) => `asks for ${type} of ${resource}, and it is written for ${metric.resources}.`),
    ...(resources.length === 0 && !isOfLogs ? [`does not say of which resource it asks for ${type}.`] : []),
    ...comparisons.flatMap(({ field, values }) => labelFindings(field, values, type, metric)),
  ];
}

const typeIn = (filter: string): string => valuesFor(comparisonsOf(filter) ?? [], 'metric.type')[0] ?? '';

function labelFindings(field: string, values: string[], type: string, metric: KnownMetric): string[] {
  const [, label] = /^metric\.labels\.(\w+)$/.exec(field) ?? [];
  if (label === undefined) return [];
  const possible = metric.labels[label];
  if (possible === undefined) return [`asks for the label ${label}, which ${type} does not have.`];
  return values
    .filter((value) => possible !== null && !possible.includes(value))
    .map((value) => `asks for "${value}", which ${label} of ${type} never is.`);
}

/** What is counted grows without end, so only its growth says something. What is measured has no growth. */
function aggregationFindings({ aligner, reducer }: MetricQuery, type: string, metric: KnownMetric): string[] {
  const isGrowth = aligner === 'ALIGN_DELTA' || aligner === 'ALIGN_RATE';
  const isPercentile = reducer?.startsWith('REDUCE_PERCENTILE_') ?? false;
  return [
    ...(isGrowth === (metric.kind !== 'GAUGE') ? [] : [`brings ${type} to one figure by ${aligner}.`]),
    ...(isPercentile === metric.isDistribution ? [] : [`makes one series of ${type} by ${reducer}.`]),
  ];
}

const valuesFor = (comparisons: Comparison[], name: string): string[] =>
  comparisons.filter(({ field }) => field === name).flatMap(({ values }) => values);

interface Place {
  xPos: number;
  yPos: number;
  width: number;
  height: number;
}

const overlap = (one: Place, other: Place): boolean =>
  one.xPos < other.xPos + other.width &&
  other.xPos < one.xPos + one.width &&
  one.yPos < other.yPos + other.height &&
  other.yPos < one.yPos + one.height;
