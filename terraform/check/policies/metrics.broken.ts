import { type BrokenPlans, changed } from '../broken-plans.ts';
import { example } from '../committed-plans.ts';

const alarm = 'google_monitoring_alert_policy';
const threshold = ['conditions', 'condition_threshold'];

export const brokenMetrics: BrokenPlans = {
  'Alarms and charts ask for metrics and labels that there are': [
    ...(
      [
        [/colour, which nobody writes/, 'metric.type = "custom.googleapis.com/spillway/colour"'],
        [/of gce_instance, and it is written for global/, `${oldest()} AND resource.type = "gce_instance"`],
        [/does not say of which resource/, oldest()],
        [
          /the label operation, which .* does not have/,
          `${oldest()} AND resource.type = "global" AND metric.labels.operation = "sketch"`,
        ],
        [
          /"cloud", which target of .* never is/,
          `${oldest()} AND resource.type = "global" AND metric.labels.target = one_of("vm", "cloud")`,
        ],
        [/cannot read/, 'metric.type > "custom.googleapis.com"'],
      ] as const
    ).map(([finding, filter]): BrokenPlans[string][number] => [
      finding,
      () => changed(example, [alarm, 'jobs-wait'], [...threshold, 'filter'], filter),
    ]),
    [
      /the label owner, which/,
      () =>
        changed(
          example,
          [alarm, 'jobs-wait'],
          [...threshold, 'aggregations', 'group_by_fields'],
          ['metric.labels.owner'],
        ),
    ],
    [
      /to one figure by ALIGN_RATE/,
      () =>
        changed(
          example,
          [alarm, 'jobs-wait'],
          [...threshold, 'aggregations', 'per_series_aligner'],
          'ALIGN_RATE',
        ),
    ],
    [
      /one series of .*ended by REDUCE_PERCENTILE_95/,
      () =>
        changed(
          example,
          [alarm, 'jobs-fail'],
          [...threshold, 'aggregations', 'cross_series_reducer'],
          'REDUCE_PERCENTILE_95',
        ),
    ],
    [
      /dashboard.spillway "Wait of jobs that succeeded" asks for .*job\/patience, which nobody writes/,
      () => redrawn((json) => json.replaceAll('spillway/job/wait', 'spillway/job/patience')),
    ],
  ],
  'Tiles of a dashboard do not overlap, and fit its width': [
    [/is over "Is it healthy\?"/, () => redrawn((json) => json.replace('"height":14', '"height":15'))],
    [/"Is it healthy\?" is too wide/, () => redrawn((json) => json.replace('"width":48', '"width":49'))],
  ],
  'Every metric of the catalogue is on a dashboard': [
    [
      /No dashboard shows spillway.offered_work/,
      () => redrawn((json) => json.replace('spillway/offered_work', 'spillway/workers')),
    ],
  ],
};

function oldest(): string {
  return 'metric.type = "custom.googleapis.com/spillway/queue/oldest_age"';
}

function redrawn(change: (json: string) => string) {
  const dashboard = 'google_monitoring_dashboard';
  const json = example.resources.find(({ type }) => type === dashboard)?.values.dashboard_json;
  return changed(example, [dashboard], ['dashboard_json'], change(String(json)));
}
