import type { Part, Setup, SetupFinding, SystemReading } from '@spillway/core/diagnosis/system-reading.ts';
import { messageOf } from '@spillway/core/errors.ts';
import type { Job } from '@spillway/core/job.ts';
import { seemsLostAt } from '@spillway/core/routing/waiting.ts';
import type { Awaitable } from '@spillway/core/steps.ts';
import { searchedAt } from './find-lost-uploads.ts';
import { lookForLostUploads } from './look-for-lost-uploads.ts';
import type { Stored } from './ports/jobs.ts';
import type { AppPorts } from './ports/ports.ts';
import type { Need } from './ports/preflight.ts';
import { inTime } from './preflight.ts';
import { routingWithin } from './run-reach.ts';
import { sweepLease } from './sweep.ts';

/** Documents of a list that are read at most. */
const most = {
  waiting: 100,
  newest: 100,
  processing: 50,
  left: 20,
  passedOver: 50,
  acts: 20,
  deadLetters: 20,
  vms: 50,
};
/** What a sweep, or whoever is at work on it, has taken up by this age, in milliseconds. */
const takenUpMs = {
  undecided: 300_000,
  unpublished: 60_000,
  unclaimed: 120_000,
  abandoned: 60_000,
  outboxes: 120_000,
} as const;
/** Three pulls, at most. */
const deadLettersMs = 10_000;
/** How far uploads are looked back for, and from which age on their jobs have to be there. */
const uploads = { hours: 24, youngestMs: 120_000, searchedMs: 20_000 } as const;

/** What has to be there for a system to work, whoever looks. */
const things: readonly Need[] = [
  { kind: 'indexes', of: 'routing' },
  { kind: 'indexes', of: 'site' },
  ...(['vm', 'run', 'dead', 'events'] as const).map((topic): Need => ({ kind: 'topic_there', topic })),
  ...(['vm', 'run', 'dead'] as const).flatMap((subscription): Need[] => [
    { kind: 'subscription_there', subscription },
    { kind: 'no_expiration', subscription },
  ]),
  ...(['uploads', 'webUploads', 'results'] as const).map(
    (bucket): Need => ({ kind: 'bucket_there', bucket }),
  ),
];

/**
 * Reads what a running system is judged by, with bounded reads, and changes nothing. Throws `OutageError` and
 * `RefusedError` where the database cannot be read; other parts that cannot be read are named in the reading.
 */
export async function readSystem(ports: AppPorts): Promise<SystemReading> {
  const { fleet, routerStates, settings, leases, passedOver, audit, backlog, feed } = ports;
  const [
    { workers, ignored },
    state,
    routing,
    sweptUntil,
    lastSearch,
    forecast,
    passed,
    open,
    vm,
    run,
    processing,
    newest,
    deferred,
    unpublished,
    published,
    abandoned,
    outboxes,
    acts,
    setup,
    deadLetters,
    uploadRefusal,
  ] = await Promise.all([
    fleet.read(),
    routerStates.read(),
    settings.readRouting(),
    leases.endOf(sweepLease),
    searchedAt(ports),
    ports.forecasts.read(),
    passedOver.recent(most.passedOver),
    feed.countOpen(),
    backlog.line('vm', most.waiting),
    backlog.line('run', most.waiting),
    feed.find({ state: 'processing' }, most.processing, null),
    feed.newest(most.newest),
    backlog.deferred(most.left),
    backlog.unpublished(takenUpMs.unpublished, most.left),
    backlog.published(takenUpMs.unclaimed, most.waiting),
    backlog.abandoned(most.left),
    backlog.outboxes(takenUpMs.outboxes, most.left),
    audit.recent(most.acts, null),
    lookAtSetup(ports),
    part(() => ports.deadLetters.peek(most.deadLetters), deadLettersMs),
    // A storage that is away is among what is not set up.
    part(() => ports.blobs.uploadRefusal()),
  ]);
  // Rules for senders are read here, and what is wrong with them is among what was passed over.
  const searched = await part(
    () => lookForLostUploads(uploads.hours, uploads.youngestMs, ports),
    uploads.searchedMs,
  );
  const vms = workers.filter(({ kind }) => kind === 'vm').slice(0, most.vms);
  const controls = await Promise.all(vms.map(async ({ id }) => [id, await fleet.control(id)] as const));
  const now = ports.clock.now();
  const claimedUntil = now.getTime() - takenUpMs.abandoned;
  return {
    engine: ports.engine,
    uploadRefusal: uploadRefusal.kind === 'read' ? uploadRefusal.value : null,
    now,
    workers,
    ignoredHeartbeats: ignored,
    controls: Object.fromEntries(controls),
    state,
    settings: routingWithin(routing.settings, ports.runReach),
    settingsChange: routing.change,
    settingsProblem: routing.problem,
    sweptUntil,
    searchedAt: lastSearch,
    prewarmingProblem: forecast.problem,
    passedOver: passed,
    jobs: {
      open,
      waiting: { vm: jobsOf(vm), run: jobsOf(run) },
      processing: processing.jobs,
      newest: newest.map(({ stored }) => stored.job),
      undecided: jobsOf(deferred).filter(
        ({ createdAt }) => createdAt.getTime() < now.getTime() - takenUpMs.undecided,
      ),
      unpublished: jobsOf(unpublished),
      unclaimed: jobsOf(published).filter((job) => seemsLostAt(job) < now),
      abandoned: jobsOf(abandoned).filter(({ claim }) => (claim?.expiresAt.getTime() ?? 0) < claimedUntil),
      unannounced: jobsOf(outboxes),
    },
    audit: acts.entries,
    setup,
    uploads: searched,
    deadLetters,
  };
}

const jobsOf = (list: readonly Stored[]): Job[] => list.map(({ job }) => job);

async function part<Value>(read: () => Awaitable<Value>, withinMs?: number): Promise<Part<Value>> {
  try {
    return { kind: 'read', value: await inTime(Promise.resolve(read()), withinMs) };
  } catch (error) {
    return { kind: 'not_read', why: messageOf(error) };
  }
}

/** What is missing, and what could not be looked at: one does not hide the other. */
async function lookAtSetup({ preflight }: AppPorts): Promise<Setup> {
  const looks = await Promise.allSettled(things.map((need) => inTime(preflight.examine(need))));
  const findings = new Map<string, SetupFinding>();
  const notLookedAt = new Set<string>();
  for (const look of looks) {
    if (look.status === 'rejected') notLookedAt.add(messageOf(look.reason));
    else if (look.value) findings.set(look.value.what, { what: look.value.what, mend: look.value.mend });
  }
  return { findings: [...findings.values()], notLookedAt: [...notLookedAt] };
}
