import { type BrokenPlans, changed, without } from '../broken-plans.ts';
import { example, other } from '../committed-plans.ts';

const functions = 'google_cloudfunctions2_function';
const runService = ['service_config', 'environment_variables', 'SPILLWAY_RUN_SERVICE'];
const worker = 'projects/example-pictures/locations/europe-west1/services/spillway-worker';

export const brokenPrewarming: BrokenPlans = {
  'Programs that prewarm are told of the worker’s service and may change it, and nothing else may': [
    [/is not told which service/, () => changed(other, [functions, 'sweep'], runService, undefined)],
    [
      /spillway-vm@.* may not prewarm the worker, and has to/,
      () => without(other, ['google_cloud_run_v2_service_iam_member', 'prewarms_worker["vm"]']),
    ],
    [
      /spillway-functions@.* may not prewarm the worker, and has to/,
      () => without(other, ['google_service_account_iam_member', 'sweepers_deploy_as_worker["functions"]']),
    ],
    [
      /may change the worker's service, and need not/,
      () => changed(other, ['google_firestore_document'], ['fields'], '{}'),
    ],
  ],
  'SPILLWAY_RUN_SERVICE is the worker’s service, and a program that has it may look at it': [
    [
      /spillway-site, which is not the worker/,
      () => changed(other, [functions, 'sweep'], runService, worker.replace('worker', 'site')),
    ],
    [
      /spillway-admin@.* may not look at the worker's service/,
      () => without(example, ['google_cloud_run_v2_service_iam_member', 'admin_sees_worker']),
    ],
  ],
  'What prewarming sets is left alone by Terraform, and stays below what the service may have': [
    [
      /Up to 10 instances are kept warm, of 5/,
      () =>
        changed(
          other,
          ['google_firestore_document'],
          ['fields'],
          JSON.stringify({
            run: { mapValue: { fields: { maxInstances: { integerValue: '5' } } } },
            forecast: {
              mapValue: {
                fields: {
                  prewarming: { booleanValue: true },
                  minInstances: { mapValue: { fields: { most: { integerValue: '10' } } } },
                },
              },
            },
          }),
        ),
    ],
    [
      /sets the minimum that is prewarming's/,
      () =>
        changed(
          example,
          ['google_cloud_run_v2_service', 'spillway-worker'],
          ['scaling'],
          [{ min_instance_count: 1 }],
        ),
    ],
  ],
};
