import { type BrokenPlans, changed, without } from '../broken-plans.ts';
import { example } from '../committed-plans.ts';

const subscription = 'google_pubsub_subscription';

export const brokenAlarms: BrokenPlans = {
  'Alarms look at what is there': [
    [
      /looks at jobs-dead-pull, which is not/,
      () => changed(example, [subscription, 'jobs-dead-pull'], ['name'], 'other'),
    ],
    [
      /looks at spillway-route, which is not/,
      () => without(example, ['google_cloudfunctions2_function', 'route']),
    ],
  ],
  'An alarm tells of the dead letters': [
    [/Nobody is told/, () => without(example, ['google_monitoring_alert_policy', 'dead-letters'])],
  ],
};
