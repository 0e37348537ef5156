import { countOf } from '../amounts.ts';
import type { FailureCode } from '../errors.ts';
import type { Worker } from '../heartbeat.ts';
import type { Job } from '../job.ts';
import { offerOf } from '../offers.ts';
import { operationNames } from '../operations.ts';
import { alertsOf, type ConditionCode } from '../routing/alerts.ts';
import { liveVms } from '../routing/liveness.ts';
import { isRunOff, whyRunIsClosed } from '../routing/predict.ts';
import { warmInstances } from '../routing/state.ts';
import { duration, fine, listed, note, type Sentence, wrong } from './sentence.ts';
import type { SystemReading } from './system-reading.ts';

/** Milliseconds. */
const timing = {
  /** Where no VM sweeps, the scheduler begins a sweep every minute. */
  swept: 120_000,
  /** Failures count while they are this young. */
  recent: 3_600_000,
} as const;
/** So many failures of ours among the newest jobs are no accident. */
const mostFailures = 3;

/** How a job can fail without its picture or its request being to blame. */
const ours: readonly FailureCode[] = [
  'internal',
  'service_refused',
  'poison',
  'processing_timeout',
  'out_of_memory',
  'model_missing',
  'model_invalid',
];

/** What to do about an alert whose own words do not say it. */
const mends: Record<Exclude<ConditionCode, 'run_over_budget' | 'passed_over'>, string> = {
  uploads_refused: 'What is there goes on to be worked on, and can be deleted.',
  nothing_takes_work: 'Start a VM worker, or switch Cloud Run on again in the settings.',
  run_paused:
    'Wait for the trial, which ends the pause, or end the pause of an admin on the dashboard. If it comes back, read the log of the Cloud Run worker: severity>=WARNING.',
  vm_paused: 'Read the log of that worker, which says what went wrong with its test picture.',
  worker_lacks: 'Mend the machine, or end it so that another takes its place.',
  settings_invalid:
    'Correct the settings on the dashboard, or the document settings/routing in the database.',
  heartbeats_ignored:
    'Set the clocks of the workers by NTP, and look for a worker of another version in the collection workers.',
};

/** Is it healthy: does something take work, does somebody sweep, do workers, settings and the cloud's set-up hold? */
export function healthOf(reading: SystemReading): Sentence[] {
  return [
    ...alertSentences(reading),
    ...setupSentences(reading),
    ...workerSentences(reading),
    ...sweepSentences(reading),
    ...prewarmingSentences(reading),
    ...offerSentences(reading),
    ...failureSentences(reading),
  ];
}

function setupSentences({ setup }: SystemReading): Sentence[] {
  return setup.findings.map(({ what, mend }) => wrong('not_set_up', what, mend));
}

/** The alerts of the dashboard, but those of other questions. */
function alertSentences(reading: SystemReading): Sentence[] {
  return alertsOf({ ...reading, passedOver: [] }).flatMap(({ code, message }) =>
    code === 'run_over_budget' || code === 'passed_over' ? [] : [wrong(code, message, mends[code])],
  );
}

function workerSentences({ workers, settings, state, now, controls }: SystemReading): Sentence[] {
  const vms = workers.filter(({ kind }) => kind === 'vm');
  const silent = vms.filter(({ state, ageMs }) => state !== 'stopped' && ageMs > settings.vm.liveWithinMs);
  const live = liveVms(workers, settings);
  const runTakesWork = whyRunIsClosed({ settings, state, now }) === null;
  const takers = [
    ...(live.length > 0 ? [countOf(live.length, 'VM')] : []),
    ...(runTakesWork
      ? [`Cloud Run (${countOf(warmInstances(workers, settings).length, 'instance')} now)`]
      : []),
  ];
  const drained = vms.filter(({ id }) => controls[id]?.drain).map(({ id }) => id);
  return [
    ...silent.map(({ id, ageMs }) =>
      wrong(
        'worker_silent',
        `The VM ${id} has not been heard of for ${duration(ageMs)}. Its jobs go to others.`,
        'Look whether the machine runs and reaches Firestore; its log says more. If it is gone for good, it is forgotten after ten minutes.',
      ),
    ),
    ...(takers.length > 0 ? [fine('takes_work', `New work is taken by ${takers.join(' and ')}.`)] : []),
    ...(isRunOff(settings) ? [note('run_off', 'Cloud Run is switched off in the settings.')] : []),
    ...(drained.length > 0
      ? [note('drained', `By an admin's wish these take no new work: ${listed(drained)}.`)]
      : []),
    ...versionSentences(workers.filter(({ state }) => state !== 'stopped')),
  ];
}

function versionSentences(workers: readonly Worker[]): Sentence[] {
  const versions = [...new Set(workers.map(({ version }) => version))].sort();
  if (versions.length < 2) return [];
  const each = versions.map((version) => {
    const ids = workers.filter((worker) => worker.version === version).map(({ id }) => id);
    return `${version} (${listed(ids)})`;
  });
  return [
    note(
      'versions_differ',
      `Workers are of different versions: ${each.join(', ')}. That is as it should be while a new version is brought out, and not for long.`,
      'Replace the older workers.',
    ),
  ];
}

function sweepSentences({ sweptUntil, now }: SystemReading): Sentence[] {
  const mend =
    'Look at the scheduler’s job for the sweep and at the log of the function sweep: what it says of a refusal or an outage. A VM worker sweeps as well.';
  if (sweptUntil === null) {
    return [wrong('never_swept', 'Nobody has swept yet: what crashes leave behind is not taken up.', mend)];
  }
  const agoMs = now.getTime() - sweptUntil.getTime();
  if (agoMs <= timing.swept) return [fine('swept', 'Somebody sweeps.')];
  return [
    wrong(
      'not_swept',
      `Nobody has swept for ${duration(agoMs)}: what crashes leave behind is not taken up, nothing is moved, and routers learn nothing.`,
      mend,
    ),
  ];
}

function prewarmingSentences({ prewarmingProblem, settings }: SystemReading): Sentence[] {
  if (prewarmingProblem === null || !settings.forecast.prewarming) return [];
  return [
    wrong(
      'not_prewarmed',
      `Cloud Run is not prewarmed as it should be: ${prewarmingProblem}`,
      'Mend what the sentence names, or switch prewarming off in the settings (forecast.prewarming).',
    ),
  ];
}

/** Operations that nobody can do at the moment, and models that are not there. */
function offerSentences({ workers, settings }: SystemReading): Sentence[] {
  const able = workers.filter(
    ({ kind, state, ageMs }) => state !== 'stopped' && (kind === 'run' || ageMs <= settings.vm.liveWithinMs),
  );
  const instances = { operations: [...operationNames], models: settings.run.models, fetches: false };
  const offers = [...able.map((worker) => worker.offers), ...(isRunOff(settings) ? [] : [instances])];
  if (offers.length === 0) return [];
  const each = operationNames.map((operation) => ({ operation, ...offerOf(operation, offers) }));
  const missing = each.filter(({ available }) => !available).map(({ operation }) => operation);
  /** What is offered is what every machine has: the choice of the best model, and the built-in one. */
  const demo = each.filter(({ models }) => models?.length === 2).map(({ operation }) => operation);
  return [
    ...(missing.length > 0
      ? [
          wrong(
            'operation_missing',
            `No worker knows the operation ${listed(missing)}.`,
            'Give the workers the same SPILLWAY_OPERATIONS as the other programs.',
          ),
        ]
      : []),
    ...(demo.length > 0
      ? [
          note(
            'models_missing',
            `Only the built-in demo models are installed for ${listed(demo)}.`,
            'npx spillway models list shows the others, and npx spillway models fetch <name> installs one on a machine.',
          ),
        ]
      : []),
  ];
}

function failureSentences({ jobs, now }: SystemReading): Sentence[] {
  const recent = jobs.newest.filter(
    ({ endedAt }) => endedAt !== null && now.getTime() - endedAt.getTime() <= timing.recent,
  );
  const failed = recent.filter(isOurFailure);
  if (failed.length === 0) return [];
  const counts = new Map<string, number>();
  for (const { error } of failed) counts.set(error?.code ?? '', (counts.get(error?.code ?? '') ?? 0) + 1);
  const codes = [...counts].map(([code, count]) => `${code} (${count})`).join(', ');
  const what = `${failed.length} of the newest ${countOf(recent.length, 'job')} failed, and not for their pictures: ${codes}. The last was ${failed[0]?.id}: ${failed[0]?.error?.message}`;
  const mend = 'Open one of them on the dashboard; it can be retried there once the cause is mended.';
  return [failed.length >= mostFailures ? wrong('jobs_fail', what, mend) : note('job_failed', what, mend)];
}

function isOurFailure({ state, error }: Job): boolean {
  return state === 'failed' && error !== null && ours.includes(error.code) && error.blame !== 'input';
}
