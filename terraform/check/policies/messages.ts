import { manifestOf, operationNames } from '@spillway/core/operations.ts';
import { mostPixels } from '@spillway/core/pixels.ts';
import { ackDeadline, subscriptionNames, topicNames } from '@spillway/pipeline/topics.ts';
import type { Plan, Planned } from '../plan.ts';
import type { Policy } from '../policy.ts';
import { programsOf } from '../programs.ts';
import { at, emailOf, madeFrom, named, numberAt, ofType, textAt } from '../read-plan.ts';

/** Eventarc makes topics and subscriptions of its own for uploads; the local stack has them under these names. */
const { uploads: _uploads, webUploads: _webUploads, ...topics } = topicNames;
const { uploads: _ofUploads, webUploads: _ofWebUploads, ...subscriptions } = subscriptionNames;

/** Topics without a subscription, and why. */
const withoutSubscriber: Record<string, string> = {
  [topicNames.events]: 'It is for integrators, who make a subscription each.',
};
/** The dead letters have no dead letters: people look at them. */
const withoutDeadLetters = new Set<string>([subscriptionNames.dead]);

/**
 * Time that a pushed job may take beside its operation, in seconds: it waits for a slot, is downloaded, and its result is
 * stored and recorded.
 */
const besidesOperation = 30;

export const messagePolicies: Policy[] = [
  {
    name: 'Topics and subscriptions are those of the programs',
    findings: (plan) => [
      ...notTheSame('topic', Object.values(topics), names(plan, 'google_pubsub_topic')),
      ...notTheSame('subscription', Object.values(subscriptions), names(plan, 'google_pubsub_subscription')),
    ],
  },
  {
    name: 'Every topic has a subscriber',
    findings: (plan) => {
      const subscribed = new Set(subscriptionsOf(plan).flatMap((each) => madeFrom(plan, at(each, 'topic'))));
      return ofType(plan, 'google_pubsub_topic')
        .filter((topic) => !subscribed.has(topic) && !(textAt(topic, 'name') in withoutSubscriber))
        .map(({ address }) => `${address} has no subscription: what is published there vanishes.`);
    },
  },
  {
    name: 'No subscription expires',
    findings: (plan) =>
      subscriptionsOf(plan)
        .filter((each) => at(each, 'expiration_policy', 'ttl') !== '')
        .map(
          ({ address }) => `${address} is deleted when nobody used it for a while, and its messages with it.`,
        ),
  },
  {
    name: 'No subscription filters, and every one tries again after a pause',
    findings: (plan) =>
      subscriptionsOf(plan).flatMap((each) => [
        ...(textAt(each, 'filter') === ''
          ? []
          : [`${each.address} drops what its filter does not let through.`]),
        ...(at(each, 'retry_policy') === undefined && !withoutDeadLetters.has(textAt(each, 'name'))
          ? [`${each.address} tries again at once, without end.`]
          : []),
      ]),
  },
  {
    name: 'Every subscription of jobs has dead letters, and Pub/Sub may move messages there',
    findings: (plan) =>
      subscriptionsOf(plan).flatMap((each) => {
        if (withoutDeadLetters.has(textAt(each, 'name'))) return [];
        const [dead] = madeFrom(plan, at(each, 'dead_letter_policy', 'dead_letter_topic'));
        if (!dead || textAt(dead, 'name') !== topicNames.dead)
          return [`${each.address} has no dead letters.`];
        const may = (type: string, of: string, name: string, role: string) =>
          ofType(plan, type).some(
            (grant) => textAt(grant, of) === name && textAt(grant, 'role') === role && isPubSub(grant),
          );
        return [
          ...(may('google_pubsub_topic_iam_member', 'topic', topicNames.dead, 'roles/pubsub.publisher')
            ? []
            : [`Pub/Sub's account may not publish to ${topicNames.dead}.`]),
          ...(may(
            'google_pubsub_subscription_iam_member',
            'subscription',
            textAt(each, 'name'),
            'roles/pubsub.subscriber',
          )
            ? []
            : [`Pub/Sub's account may not take messages out of ${textAt(each, 'name')}.`]),
        ];
      }),
  },
  {
    name: 'A pushed job has as long as the longest operation, and a pulled one as long as its worker expects',
    findings: (plan) => {
      const push = named(plan, 'google_pubsub_subscription', subscriptionNames.run);
      const pull = named(plan, 'google_pubsub_subscription', subscriptionNames.vm);
      const longest = longestOperation(plan) + besidesOperation;
      const given = push ? numberAt(push, 'ack_deadline_seconds') : 0;
      const worker = named(plan, 'google_cloud_run_v2_service', 'spillway-worker');
      const request = worker ? numberAt(worker, 'template', 'timeout') : 0;
      return [
        ...(given >= longest
          ? []
          : [`${subscriptionNames.run} waits ${given} s for a job, which may take ${longest} s.`]),
        ...(request === given
          ? []
          : [
              `A request to the worker may take ${request} s, and ${subscriptionNames.run} waits ${given} s.`,
            ]),
        // Its worker prolongs it in time, from this value on.
        ...(pull && numberAt(pull, 'ack_deadline_seconds') === ackDeadline.pull
          ? []
          : [`${subscriptionNames.vm} does not wait ${ackDeadline.pull} s, as on the local stack.`]),
      ];
    },
  },
];

const subscriptionsOf = (plan: Plan): Planned[] => ofType(plan, 'google_pubsub_subscription');
const names = (plan: Plan, type: string): string[] => ofType(plan, type).map((each) => textAt(each, 'name'));

function notTheSame(what: string, expected: string[], made: string[]): string[] {
  return [
    ...expected
      .filter((each) => !made.includes(each))
      .map((each) => `There is no ${what} ${each}, which programs use.`),
    ...made.filter((each) => !expected.includes(each)).map((each) => `No program uses the ${what} ${each}.`),
  ];
}

const isPubSub = (grant: Planned): boolean =>
  /^service-\d+@gcp-sa-pubsub\.iam\.gserviceaccount\.com$/.test(emailOf(textAt(grant, 'member')));

/** In seconds: what a worker allows one operation, or what the largest picture takes by the manifests if that is more. */
function longestOperation(plan: Plan): number {
  const run = programsOf(plan).find(({ name }) => name === 'run');
  const limitMs = Number(
    (run?.read(run.environment) as { SPILLWAY_TIME_LIMIT_MS?: number })?.SPILLWAY_TIME_LIMIT_MS,
  );
  const priorsMs = operationNames.map((name) => {
    const { fixed, perMegapixel } = manifestOf(name).priorServiceMs;
    return fixed + (perMegapixel * mostPixels) / 1e6;
  });
  return Math.max(limitMs, ...priorsMs) / 1_000;
}
