import { subscriptionNames } from '@spillway/pipeline/gcp/queue.ts';
import type { Plan } from '../plan.ts';
import type { Policy } from '../policy.ts';
import { at, ofType, textAt } from '../read-plan.ts';

export const alarmPolicies: Policy[] = [
  {
    name: 'Alarms look at what is there',
    findings: (plan) => {
      const names = {
        subscription_id: namesOf(plan, 'google_pubsub_subscription'),
        service_name: [
          ...namesOf(plan, 'google_cloud_run_v2_service'),
          ...namesOf(plan, 'google_cloudfunctions2_function'),
        ],
      };
      return filtersOf(plan).flatMap(({ address, filter }) =>
        Object.entries(names).flatMap(([label, known]) =>
          [...filter.matchAll(new RegExp(`${label} = "([^"]+)"`, 'g'))]
            .filter(([, name = '']) => !known.includes(name))
            .map(([, name]) => `${address} looks at ${name}, which is not there.`),
        ),
      );
    },
  },
  {
    name: 'An alarm tells of the dead letters',
    findings: (plan) =>
      filtersOf(plan).some(
        ({ filter }) =>
          filter.includes('num_undelivered_messages') && filter.includes(`"${subscriptionNames.dead}"`),
      )
        ? []
        : [`Nobody is told that there are messages in ${subscriptionNames.dead}.`],
  },
];

const namesOf = (plan: Plan, type: string): string[] =>
  ofType(plan, type).map((each) => textAt(each, 'name'));

const kinds = ['condition_threshold', 'condition_absent', 'condition_matched_log'];

const filtersOf = (plan: Plan): { address: string; filter: string }[] =>
  ofType(plan, 'google_monitoring_alert_policy').flatMap((policy) =>
    kinds
      .filter((kind) => at(policy, 'conditions', kind) !== undefined)
      .map((kind) => ({ address: policy.address, filter: textAt(policy, 'conditions', kind, 'filter') })),
  );
