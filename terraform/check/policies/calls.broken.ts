import { added, type BrokenPlans, changed, without } from '../broken-plans.ts';
import { example } from '../committed-plans.ts';

const subscription = 'google_pubsub_subscription';
const service = 'google_cloud_run_v2_service';
const invoker = 'google_cloud_run_v2_service_iam_member';
const functions = 'google_cloudfunctions2_function';
const stranger = 'serviceAccount:stranger@example.iam.gserviceaccount.com';

const variable = (name: string) => ['service_config', 'environment_variables', name];

export const brokenCalls: BrokenPlans = {
  'Google’s services call programs of this plan, with a token for the program': [
    [
      /calls no program/,
      () =>
        changed(
          example,
          [subscription, 'jobs-run-push'],
          ['push_config', 'push_endpoint'],
          'https://elsewhere.example/push',
        ),
    ],
    [
      /without a token/,
      () => changed(example, [subscription, 'jobs-run-push'], ['push_config', 'oidc_token'], undefined),
    ],
    [
      /does not say what it is for/,
      () =>
        changed(
          example,
          [subscription, 'jobs-run-push'],
          ['push_config', 'oidc_token', 'audience'],
          undefined,
        ),
    ],
    [
      /a token for something else/,
      () =>
        changed(
          example,
          ['google_cloud_scheduler_job', 'sweep'],
          ['http_target', 'oidc_token', 'audience'],
          'https://elsewhere.example',
        ),
    ],
  ],
  'The accounts that call a program may call it, and no other account may': [
    [
      /It is not so that spillway-pusher@.* may call spillway-worker/,
      () => without(example, [invoker, 'pusher_calls_worker']),
    ],
    [
      /stranger@.* may call spillway-worker, and does not/,
      () => added(example, [invoker, 'pusher_calls_worker'], invoker, { member: stranger }),
    ],
  ],
  'Programs check who calls them: the accounts that do, with tokens for their own address': [
    [
      /refuses spillway-events@/,
      () => changed(example, [functions, 'route'], variable('SPILLWAY_CALLER_ACCOUNTS'), 'a@example.com'),
    ],
    [
      /lets a@example.com in/,
      () => changed(example, [functions, 'route'], variable('SPILLWAY_CALLER_ACCOUNTS'), 'a@example.com'),
    ],
    [
      /Nobody may call this program/,
      () => changed(example, [functions, 'sweep'], variable('SPILLWAY_CALLER_ACCOUNTS'), undefined),
    ],
    [
      /No token can be meant/,
      () => changed(example, [functions, 'sweep'], variable('SPILLWAY_CALL_AUDIENCES'), undefined),
    ],
    [
      /takes tokens for https:\/\/elsewhere.example/,
      () =>
        changed(
          example,
          [functions, 'sweep'],
          variable('SPILLWAY_CALL_AUDIENCES'),
          'https://elsewhere.example',
        ),
    ],
  ],
  'The dashboard takes the proxy’s word for itself alone': [
    [
      /believes a proxy that is not there/,
      () => changed(example, [service, 'spillway-admin'], ['iap_enabled'], false),
    ],
    [/does not check that/, () => changed(example, [service, 'spillway-site'], ['iap_enabled'], true)],
  ],
  'Tokens without their signatures are taken only where Cloud Run has verified them': [
    [
      /Anybody may call .*services\["worker"\]/,
      () => changed(example, [service, 'spillway-worker'], ['invoker_iam_disabled'], true),
    ],
    [
      /Anybody may call .*services\["worker"\]/,
      () => added(example, [invoker, 'pusher_calls_worker'], invoker, { member: 'allUsers' }),
    ],
    [
      /Anybody may call .*functions\["sweep"\]/,
      () => added(example, [invoker, '["sweep"]'], invoker, { member: 'allAuthenticatedUsers' }),
    ],
  ],
  'Only the site and the dashboard are reached from outside, and the dashboard behind a proxy': [
    [
      /services\["worker"\] is reached/,
      () => changed(example, [service, 'spillway-worker'], ['ingress'], 'INGRESS_TRAFFIC_ALL'),
    ],
    [
      /functions\["route"\] is reached/,
      () => changed(example, [functions, 'route'], ['service_config', 'ingress_settings'], 'ALLOW_ALL'),
    ],
    [
      /services\["admin"\] is reached/,
      () => changed(example, [service, 'spillway-admin'], ['iap_enabled'], false),
    ],
  ],
  'Each bucket of uploads tells a routing function of its own, and Eventarc repeats what it did not take': [
    [
      /Nobody is told of what is put into/,
      () => without(example, ['google_eventarc_trigger', '["uploads"]']),
    ],
    [
      /spillway-route is told of both/,
      () =>
        changed(
          example,
          ['google_eventarc_trigger', '["web-uploads"]'],
          ['destination', 'cloud_run_service', 'service'],
          'spillway-route',
        ),
    ],
    [/another region/, () => changed(example, ['google_eventarc_trigger'], ['location'], 'europe-west1')],
    [/tells once/, () => changed(example, ['google_eventarc_trigger'], ['retry_policy', 'max_attempts'], 1)],
    [
      /is told once/,
      () =>
        changed(
          example,
          [functions, 'route'],
          ['event_trigger', 'retry_policy'],
          'RETRY_POLICY_DO_NOT_RETRY',
        ),
    ],
  ],
};
