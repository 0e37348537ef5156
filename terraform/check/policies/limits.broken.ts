import { type BrokenPlans, changed, without } from '../broken-plans.ts';
import { example, userData } from '../committed-plans.ts';

const service = 'google_cloud_run_v2_service';
const functions = 'google_cloudfunctions2_function';
const template = 'google_compute_instance_template';

export const brokenLimits: BrokenPlans = {
  'settings/routing is as routers read it, and has no field that they do not know': [
    [/is not made/, () => without(example, ['google_firestore_document'])],
    [
      /settings\/routing has colour/,
      () => changed(example, ['google_firestore_document'], ['fields'], '{"colour":{"stringValue":"red"}}'),
    ],
    [
      /settings\/routing: confidence/,
      () => changed(example, ['google_firestore_document'], ['fields'], '{"confidence":{"doubleValue":7}}'),
    ],
  ],
  'An instance takes the requests that its service sends, and works on as many jobs, as routers count on': [
    [
      /a concurrency of 80/,
      () =>
        changed(example, [service, 'spillway-worker'], ['template', 'max_instance_request_concurrency'], 80),
    ],
    [
      /has 1 slots, and routers count on 2/,
      () =>
        changed(
          example,
          ['google_firestore_document'],
          ['fields'],
          '{"run":{"mapValue":{"fields":{"concurrency":{"integerValue":"2"}}}}}',
        ),
    ],
  ],
  'The worker’s service may have more instances than routers fill': [
    [
      /at most 20/,
      () => changed(example, [service, 'spillway-worker'], ['template', 'scaling', 'max_instance_count'], 20),
    ],
  ],
  'Routers reckon with the processors and the memory that an instance has': [
    [
      /has 8 vCPUs/,
      () =>
        changed(
          example,
          [service, 'spillway-worker'],
          ['template', 'containers', 'resources', 'limits', 'cpu'],
          '8',
        ),
    ],
  ],
  'A scheduled call has as long as its function, and sweep and search end before it': [
    [
      /waits 30 s/,
      () => changed(example, ['google_cloud_scheduler_job', 'sweep'], ['attempt_deadline'], '30s'),
    ],
    [
      /sweeps for 55 s/,
      () => changed(example, [functions, 'sweep'], ['service_config', 'timeout_seconds'], 50),
    ],
    [
      /searches for 1200 s/,
      () => changed(example, [functions, 'find-lost'], ['service_config', 'timeout_seconds'], 1_400),
    ],
  ],
  'Functions run on the Node that the repository pins, and each is one that the program has': [
    [
      /does not run on nodejs24/,
      () => changed(example, [functions, 'route'], ['build_config', 'runtime'], 'nodejs18'),
    ],
    [/starts "main"/, () => changed(example, [functions, 'route'], ['build_config', 'entry_point'], 'main')],
  ],
  'Images are named by their digest': [
    [
      /can be moved/,
      () => changed(example, [service, 'spillway-site'], ['template', 'containers', 'image'], 'site:latest'),
    ],
    [
      /can be moved/,
      () =>
        changed(
          example,
          [template],
          ['metadata', 'user-data'],
          userData.replace(/@sha256:[0-9a-f]+/g, ':latest'),
        ),
    ],
  ],
};
