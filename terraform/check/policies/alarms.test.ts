import { changed, without } from '../broken-plans.ts';
import { example, seenToFail } from '../testing.ts';
import { alarmPolicies } from './alarms.ts';

const subscription = 'google_pubsub_subscription';

seenToFail(alarmPolicies, {
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
});
