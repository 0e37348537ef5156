import { added, type BrokenPlans, changed } from '../broken-plans.ts';
import { example, other } from '../committed-plans.ts';

const service = 'google_cloud_run_v2_service';
const invoker = 'google_cloud_run_v2_service_iam_member';
const projectRight = 'google_project_iam_member';
const bucketRight = 'google_storage_bucket_iam_member';
const stranger = 'serviceAccount:stranger@example.iam.gserviceaccount.com';

export const brokenRights: BrokenPlans = {
  'No role is primitive or broad': [
    [/primitive roles\/editor/, () => changed(example, [projectRight], ['role'], 'roles/editor')],
    [/broad roles\/storage.admin/, () => changed(example, [bucketRight], ['role'], 'roles/storage.admin')],
    [
      /the broad run.services.delete/,
      () =>
        changed(
          other,
          ['google_project_iam_custom_role', 'prewarming'],
          ['permissions'],
          ['run.services.update', 'run.services.delete'],
        ),
    ],
    [/not Google's/, () => changed(example, [bucketRight], ['role'], 'projects/example/roles/mine')],
  ],
  'Rights in the whole project are only those that have no smaller place': [
    [
      /roles\/run.invoker in the whole project/,
      () => changed(example, [projectRight], ['role'], 'roles/run.invoker'),
    ],
    [
      /roles\/eventarc.serviceAgent to another account/,
      () =>
        changed(
          example,
          [projectRight, 'agents["eventarc"]'],
          ['member'],
          'serviceAccount:spillway-events@example-pictures.iam.gserviceaccount.com',
        ),
    ],
    [
      /has no condition/,
      () => changed(example, [projectRight, 'builder_reads_sources'], ['condition'], undefined),
    ],
    [
      /roles\/spillwayRunOperations in the whole project/,
      () =>
        changed(
          other,
          ['google_project_iam_custom_role', 'run_operations'],
          ['permissions'],
          ['run.operations.get', 'run.services.update'],
        ),
    ],
    [
      /publish to every topic/,
      () =>
        changed(
          example,
          [projectRight, 'storage_publishes'],
          ['member'],
          'serviceAccount:spillway-functions@example-pictures.iam.gserviceaccount.com',
        ),
    ],
  ],
  'Rights are added one by one, and take away none that others gave': [
    [
      /everybody whom it does not name/,
      () => added(example, [projectRight], 'google_project_iam_binding', {}),
    ],
  ],
  'Everybody may open the site, and do nothing else': [
    [/gives everybody roles\/storage/, () => changed(example, [bucketRight], ['member'], 'allUsers')],
    [
      /gives everybody roles\/run/,
      () => changed(example, [invoker, 'pusher'], ['member'], 'allAuthenticatedUsers'),
    ],
    [
      /services\["admin"\] lets everybody in/,
      () => changed(example, [service, 'spillway-admin'], ['invoker_iam_disabled'], true),
    ],
  ],
  'Every program has an account of its own, and every account is used': [
    [
      /not made here/,
      () =>
        changed(
          example,
          [service, 'spillway-worker'],
          ['template', 'service_account'],
          'default@example.com',
        ),
    ],
    [
      /share the account/,
      () =>
        changed(
          example,
          [service, 'spillway-worker'],
          ['template', 'service_account'],
          'spillway-site@example-pictures.iam.gserviceaccount.com',
        ),
    ],
    [
      /Nothing works as idle@/,
      () =>
        added(example, ['google_service_account'], 'google_service_account', {
          account_id: 'idle',
          email: 'idle@example.com',
        }),
    ],
  ],
  'An account signs as itself, machines work as theirs, and programs that prewarm may deploy as the worker': [
    [/sign as another/, () => changed(example, ['google_service_account_iam_member'], ['member'], stranger)],
    [
      /another account than theirs/,
      () =>
        changed(other, ['google_service_account_iam_member', 'machines'], ['service_account_id'], {
          later: ['google_service_account.accounts["site"].name'],
        }),
    ],
    [
      /roles\/iam.serviceAccountUser on an account/,
      () => changed(example, ['google_service_account_iam_member'], ['role'], 'roles/iam.serviceAccountUser'),
    ],
  ],
};
