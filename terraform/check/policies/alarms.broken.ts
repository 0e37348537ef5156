import { type BrokenPlans, changed, without } from '../broken-plans.ts';
import { example } from '../committed-plans.ts';

const alarm = 'google_monitoring_alert_policy';
const subscription = 'google_pubsub_subscription';

export const brokenAlarms: BrokenPlans = {
  'Alarms and charts look at what is there': [
    [
      /looks at jobs-dead-pull, which is not/,
      () => changed(example, [subscription, 'jobs-dead-pull'], ['name'], 'other'),
    ],
    [
      /looks at spillway-route, which is not/,
      () => without(example, ['google_cloudfunctions2_function', 'route']),
    ],
    [
      /looks at spillway-vms, which is not/,
      () => without(example, ['google_compute_region_instance_group_manager']),
    ],
    [
      /looks at spillway-site-.*, which is not/,
      () => without(example, ['google_monitoring_uptime_check_config', 'site']),
    ],
  ],
  'Somebody is told of everything that has to wake a person': [
    [
      /Nobody is told that there are messages in jobs-dead-pull/,
      () => without(example, [alarm, 'dead-letters']),
    ],
    [/Nobody is told that a breaker stays open/, () => without(example, [alarm, 'breaker-open'])],
    [/Nobody is told that calls are refused/, () => without(example, [alarm, 'calls-refused'])],
    [/Nobody is told that a program cannot start/, () => without(example, [alarm, 'cannot-start'])],
    [
      /Nobody is told that spillway-site-.* fails its uptime check/,
      () => without(example, [alarm, 'site-is-down']),
    ],
  ],
  'Every alarm says how bad it is, when it ends, and where its entry in the runbook is': [
    [/how bad it is/, () => changed(example, [alarm, 'jobs-wait'], ['severity'], undefined)],
    [/never ends/, () => changed(example, [alarm, 'jobs-wait'], ['alert_strategy'], undefined)],
    [
      /does not name docs\/operations.md#a-job-waits-far-too-long/,
      () => changed(example, [alarm, 'jobs-wait'], ['documentation', 'content'], 'Look at it.'),
    ],
    [
      /does not link to docs\/operations.md#another-title/,
      () => changed(example, [alarm, 'jobs-wait'], ['display_name'], 'Spillway: Another title'),
    ],
  ],
  'Alarms on logs look for how a line of a program begins, and for nothing that a stranger could write': [
    ...(
      [
        [/looks for "Nobody can go on", with which no line/, 'jsonPayload.message =~ "^Nobody can go on"'],
        [/looks for "cannot work" anywhere in a message/, 'jsonPayload.message =~ "cannot work"'],
        [/looks for text anywhere in a line/, '"cannot work and ends"'],
        [/looks for text anywhere in a line/, 'severity >= ERROR AND jsonPayload.message : "Mend it with"'],
        [/looks for text anywhere in a line/, 'resource.type = "gce_instance" AND SEARCH("cannot work")'],
      ] as const
    ).map(([finding, filter]): BrokenPlans[string][number] => [
      finding,
      () =>
        changed(example, [alarm, 'cannot-start'], ['conditions', 'condition_matched_log', 'filter'], filter),
    ]),
    [
      /with which no line of a program begins/,
      () =>
        changed(
          example,
          ['google_logging_metric', 'refused_calls'],
          ['filter'],
          'jsonPayload.message =~ "^A call was turned away"',
        ),
    ],
  ],
  'Every metric of the catalogue has its descriptor, before something may name it': [
    [
      /spillway.job.wait has no descriptor/,
      () => without(example, ['google_monitoring_metric_descriptor', 'spillway.job.wait']),
    ],
  ],
};
