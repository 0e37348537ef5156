import { routingSettingsSchema } from '@spillway/core/settings.ts';
import { collectionNames } from '@spillway/pipeline/gcp/collections.ts';
import { documentData } from '../firestore-values.ts';
import type { Plan, Planned } from '../plan.ts';
import type { Policy } from '../policy.ts';
import { type Program, programsOf } from '../programs.ts';
import { numberAt, ofType, textAt } from '../read-plan.ts';

export const limitPolicies: Policy[] = [
  {
    name: 'settings/routing is as routers read it, and has no field that they do not know',
    findings: (plan) => {
      const data = routingDocument(plan);
      if (data === null) return ['The document settings/routing is not made.'];
      const parsed = routingSettingsSchema.safeParse(data);
      if (!parsed.success)
        return parsed.error.issues.map(
          ({ path, message }) => `settings/routing: ${path.join('.')} ${message}.`,
        );
      return unknownFields(data, parsed.data).map(
        (path) => `settings/routing has ${path}, which no router reads.`,
      );
    },
  },
  {
    name: 'An instance takes the requests that its service sends, and works on as many jobs, as routers count on',
    findings: (plan) =>
      withWorker(plan, ({ resource, environment }, run) => {
        const [requests, slots] = [environment.SPILLWAY_CONCURRENCY, environment.SPILLWAY_SLOTS].map(Number);
        const concurrency = numberAt(resource, 'template', 'max_instance_request_concurrency');
        const counted = run.slots ?? run.concurrency;
        return [
          ...(requests === concurrency && requests === run.concurrency
            ? []
            : [
                `The worker takes ${requests} requests, its service has a concurrency of ${concurrency}, and routers count on ${run.concurrency}.`,
              ]),
          ...(slots === counted ? [] : [`The worker has ${slots} slots, and routers count on ${counted}.`]),
        ];
      }),
  },
  {
    name: 'The worker’s service may have more instances than routers fill',
    findings: (plan) =>
      withWorker(plan, ({ resource }, run) => {
        const most = numberAt(resource, 'template', 'scaling', 'max_instance_count');
        return most > run.maxInstances
          ? []
          : [
              `Routers fill ${run.maxInstances} instances, and there are at most ${most}: Cloud Run refuses pushes.`,
            ];
      }),
  },
  {
    name: 'Routers reckon with the processors and the memory that an instance has',
    findings: (plan) =>
      withWorker(plan, ({ resource }, run) => {
        const cpu = numberAt(resource, 'template', 'containers', 'resources', 'limits', 'cpu');
        const memory = numberAt(resource, 'template', 'containers', 'resources', 'limits', 'memory');
        return cpu === run.vcpus && memory === run.memoryGib
          ? []
          : [
              `An instance has ${cpu} vCPUs and ${memory} GiB, and routers reckon with ${run.vcpus} and ${run.memoryGib}.`,
            ];
      }),
  },
  {
    name: 'A scheduled call has as long as its function, and sweep and search end before it',
    findings: (plan) => [
      ...ofType(plan, 'google_cloud_scheduler_job').flatMap((job) => {
        const [called] = functionsOf(plan).filter((each) => textAt(each, 'name') === textAt(job, 'name'));
        const waits = numberAt(job, 'attempt_deadline');
        const works = called ? numberAt(called, 'service_config', 'timeout_seconds') : Number.NaN;
        return waits >= works
          ? []
          : [`${job.address} waits ${waits} s for a function that may work ${works} s.`];
      }),
      ...functionsOf(plan)
        .filter((each) => textAt(each, 'build_config', 'entry_point') === 'sweep')
        .flatMap((sweep) => {
          const program = programsOf(plan).find(({ resource }) => resource === sweep);
          const sweeps = Number(program?.environment.SPILLWAY_SWEEP_FOR_MS) / 1_000;
          return sweeps < Math.min(60, numberAt(sweep, 'service_config', 'timeout_seconds'))
            ? []
            : [`${sweep.address} sweeps for ${sweeps} s, which is longer than a minute or than it may work.`];
        }),
      ...functionsOf(plan)
        .filter((each) => textAt(each, 'build_config', 'entry_point') === 'find-lost')
        .flatMap((search) => {
          const program = programsOf(plan).find(({ resource }) => resource === search);
          const searches = Number(program?.environment.SPILLWAY_SEARCH_FOR_MS) / 1_000;
          // After the last page it still routes what that page has lost.
          return searches + lastPageSeconds <= numberAt(search, 'service_config', 'timeout_seconds')
            ? []
            : [`${search.address} searches for ${searches} s, which leaves its last page too little time.`];
        }),
    ],
  },
  {
    name: 'Functions run on the Node that the repository pins, and each is one that the program has',
    findings: (plan) =>
      functionsOf(plan).flatMap((each) => [
        ...(textAt(each, 'build_config', 'runtime') === runtime
          ? []
          : [`${each.address} does not run on ${runtime}.`]),
        ...(entryPoints.includes(textAt(each, 'build_config', 'entry_point'))
          ? []
          : [
              `${each.address} starts "${textAt(each, 'build_config', 'entry_point')}", which functions/main.ts does not have.`,
            ]),
      ]),
  },
  {
    name: 'Images are named by their digest',
    findings: (plan) => [
      ...ofType(plan, 'google_cloud_run_v2_service')
        .filter((each) => !/@sha256:[0-9a-f]{64}$/.test(textAt(each, 'template', 'containers', 'image')))
        .map(({ address }) => `${address} runs an image by a name that can be moved.`),
      ...ofType(plan, 'google_compute_instance_template')
        .filter((each) =>
          /docker pull (?!\S+@sha256:[0-9a-f]{64}(\s|$))/.test(textAt(each, 'metadata', 'user-data')),
        )
        .map(({ address }) => `${address} runs an image by a name that can be moved.`),
    ],
  },
];

const runtime = `nodejs${process.versions.node.split('.')[0]}`;
/** What functions/main.ts registers. */
const entryPoints = ['route', 'route-web', 'sweep', 'find-lost'];

/** For the last page of a search, where all of its thousand uploads were lost. */
const lastPageSeconds = 300;

const functionsOf = (plan: Plan): Planned[] => ofType(plan, 'google_cloudfunctions2_function');

/** The data of `settings/routing`; null where it is not made. */
export function routingDocument(plan: Plan): Record<string, unknown> | null {
  const document = ofType(plan, 'google_firestore_document').find(
    (each) =>
      textAt(each, 'collection') === collectionNames.settings && textAt(each, 'document_id') === 'routing',
  );
  return document ? documentData(textAt(document, 'fields')) : null;
}

function withWorker(
  plan: Plan,
  find: (worker: Program, run: ReturnType<typeof routingSettingsSchema.parse>['run']) => string[],
): string[] {
  const worker = programsOf(plan).find(({ name }) => name === 'run');
  const { success, data } = routingSettingsSchema.safeParse(routingDocument(plan));
  if (!worker) return ['There is no Cloud Run worker.'];
  return success ? find(worker, data.run) : ['settings/routing cannot be read.'];
}

/** Paths of fields that a schema took away. */
function unknownFields(given: unknown, read: unknown, path = ''): string[] {
  if (given === null || typeof given !== 'object' || Array.isArray(given)) return [];
  return Object.entries(given).flatMap(([name, value]) => {
    const here = path === '' ? name : `${path}.${name}`;
    const has = read !== null && typeof read === 'object' && name in read;
    return has ? unknownFields(value, (read as Record<string, unknown>)[name], here) : [here];
  });
}
