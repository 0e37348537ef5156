import { type BrokenPlans, changed } from '../broken-plans.ts';
import { example, userData } from '../committed-plans.ts';

const functions = 'google_cloudfunctions2_function';
const template = 'google_compute_instance_template';

export const brokenEnvironments: BrokenPlans = {
  'Every program gets the environment variables that it requires, and none that it does not read': [
    [
      /SPILLWAY_COLOUR, which its program does not read/,
      () =>
        changed(
          example,
          [functions, 'sweep'],
          ['service_config', 'environment_variables', 'SPILLWAY_COLOUR'],
          'red',
        ),
    ],
    [
      /SPILLWAY_UPLOADS_BUCKET/,
      () =>
        changed(
          example,
          [functions, 'sweep'],
          ['service_config', 'environment_variables', 'SPILLWAY_UPLOADS_BUCKET'],
          undefined,
        ),
    ],
    [
      /SPILLWAY_SLOTS/,
      () =>
        changed(
          example,
          [template],
          ['metadata', 'user-data'],
          userData.replace(/SPILLWAY_SLOTS=.*/, 'SPILLWAY_SLOTS=many'),
        ),
    ],
  ],
  'Every program is told of the project that it is in': [
    [
      /told of the project elsewhere/,
      () =>
        changed(
          example,
          [functions, 'sweep'],
          ['service_config', 'environment_variables', 'SPILLWAY_PROJECT'],
          'elsewhere',
        ),
    ],
  ],
};
