import type { Plan, Planned, Values } from './plan.ts';
import { at, blocksAt, isText, ofType, textAt } from './read-plan.ts';

/** What an alarm or a chart asks Cloud Monitoring for. */
export interface MetricQuery {
  /** Address of the resource that asks, and for a chart its title. */
  asker: string;
  filter: string;
  /** `ALIGN_…`: how each series is brought to one figure a period; null where the plan does not say. */
  aligner: string | null;
  /** `REDUCE_…`: how series become one. */
  reducer: string | null;
  /** Labels that are kept, such as `metric.labels.target`. */
  groupBy: string[];
}

/** Everything that the alarms and the charts of a plan ask for. */
export const queriesOf = (plan: Plan): MetricQuery[] => [...alarmQueries(plan), ...chartQueries(plan)];

export function alarmQueries(plan: Plan): MetricQuery[] {
  return ofType(plan, 'google_monitoring_alert_policy').flatMap((policy) =>
    blocksAt(policy, 'conditions').flatMap((condition) => {
      const [threshold] = blocksOf(condition, 'condition_threshold');
      const [absent] = blocksOf(condition, 'condition_absent');
      return [
        ...[threshold, absent].flatMap((each) =>
          each === undefined ? [] : [query(policy.address, each, 'filter', 'aggregations')],
        ),
        ...(threshold?.denominator_filter === undefined
          ? []
          : [query(policy.address, threshold, 'denominator_filter', 'denominator_aggregations')]),
      ];
    }),
  );
}

function query(asker: string, condition: Values, filter: string, aggregations: string): MetricQuery {
  const [aggregation = {}] = blocksOf(condition, aggregations);
  return {
    asker,
    filter: textOf(condition[filter]) ?? '',
    aligner: textOf(aggregation.per_series_aligner),
    reducer: textOf(aggregation.cross_series_reducer),
    groupBy: Array.isArray(aggregation.group_by_fields) ? aggregation.group_by_fields.filter(isText) : [],
  };
}

/** Throws where a dashboard is known only after applying: nothing could be said of it. */
export function chartQueries(plan: Plan): MetricQuery[] {
  return ofType(plan, 'google_monitoring_dashboard').flatMap((dashboard) =>
    tilesOf(dashboard).flatMap(({ title, dataSets }) =>
      dataSets.flatMap(({ timeSeriesQuery: { timeSeriesFilter, timeSeriesFilterRatio } }) =>
        [timeSeriesFilter, timeSeriesFilterRatio?.numerator, timeSeriesFilterRatio?.denominator]
          .filter((each) => each !== undefined)
          .map(({ filter, aggregation }) => ({
            asker: `${dashboard.address} "${title}"`,
            filter,
            aligner: aggregation.perSeriesAligner,
            reducer: aggregation.crossSeriesReducer,
            groupBy: aggregation.groupByFields ?? [],
          })),
      ),
    ),
  );
}

interface Series {
  filter: string;
  aggregation: { perSeriesAligner: string; crossSeriesReducer: string; groupByFields?: string[] };
}
interface DataSet {
  timeSeriesQuery: {
    timeSeriesFilter?: Series;
    timeSeriesFilterRatio?: { numerator: Series; denominator: Series };
  };
}
interface Tile {
  xPos: number;
  yPos: number;
  width: number;
  height: number;
  title: string;
  dataSets: DataSet[];
}

/** The tiles of a dashboard: https://cloud.google.com/monitoring/api/ref_v3/rest/v1/projects.dashboards */
export function tilesOf(dashboard: Planned): Tile[] {
  const json = textAt(dashboard, 'dashboard_json');
  if (json === '') throw new Error(`${dashboard.address} is known only after applying.`);
  const { mosaicLayout } = JSON.parse(json) as {
    mosaicLayout: {
      tiles: (Partial<Pick<Tile, 'xPos' | 'yPos'>> &
        Pick<Tile, 'width' | 'height'> & {
          widget: { title: string; xyChart?: { dataSets: DataSet[] } };
        })[];
    };
  };
  return mosaicLayout.tiles.map(({ xPos = 0, yPos = 0, width, height, widget }) => {
    return { xPos, yPos, width, height, title: widget.title, dataSets: widget.xyChart?.dataSets ?? [] };
  });
}

/** What a filter of Cloud Monitoring compares: `metric.type` with its values. */
export interface Comparison {
  field: string;
  values: string[];
}

const comparison = /^([\w.]+) = (?:"([^"]*)"|one_of\(("[^"]*"(?:, "[^"]*")*)\))$/;

/** Null where the filter has another form than comparisons that all have to hold. */
export function comparisonsOf(filter: string): Comparison[] | null {
  const read = filter.split(' AND ').map((part): Comparison | null => {
    const [, field = '', one, several] = comparison.exec(part) ?? [];
    if (field === '') return null;
    return { field, values: several === undefined ? [one ?? ''] : (JSON.parse(`[${several}]`) as string[]) };
  });
  return read.includes(null) ? null : read.filter((each) => each !== null);
}

/** What filters of logs look for, of alarms and of metrics that are made from logs. */
export function logFiltersOf(plan: Plan): { asker: string; filter: string }[] {
  return [
    ...ofType(plan, 'google_monitoring_alert_policy').flatMap((policy) =>
      blocksAt(policy, 'conditions')
        .flatMap((condition) => blocksOf(condition, 'condition_matched_log'))
        .map(({ filter }) => ({ asker: policy.address, filter: textOf(filter) ?? '' })),
    ),
    ...ofType(plan, 'google_logging_metric').map((metric) => ({
      asker: metric.address,
      filter: String(at(metric, 'filter')),
    })),
  ];
}

const blocksOf = (values: Values, name: string): Values[] => {
  const blocks = values[name];
  return Array.isArray(blocks)
    ? blocks.filter((each): each is Values => typeof each === 'object' && !Array.isArray(each))
    : [];
};
const textOf = (value: unknown): string | null => (isText(value) ? value : null);
