import { objectAddress } from '@spillway/core/passed-over.ts';
import { overTime, waitFor, walkThrough } from '@spillway/core/steps.ts';
import {
  advanced,
  isDue,
  nextRound,
  type SearchKind,
  type SearchPlace,
  type SearchRound,
  searchWindowMs,
} from '@spillway/core/upload-search.ts';
import type { FinalizedObject } from '@spillway/core/uploads.ts';
import { underLease } from './held-lease.ts';
import { operationsWithJobs, withoutTheirJobs } from './missing-jobs.ts';
import { goThrough, passOver } from './pass-over.ts';
import type { ObjectPage } from './ports/blobs.ts';
import type { Ports } from './ports/ports.ts';
import { routeUpload } from './route.ts';

/** A search that dies holds up the next one no longer than this. Milliseconds. */
const leaseMs = 30_000;
/** Uploads without jobs that are helped at the same time. */
const helpedAtOnce = 8;

/** What a search found in a bucket, or in all. */
export interface Found {
  /** Objects whose jobs were looked for. */
  looked: number;
  /** Jobs that were made. */
  made: number;
  /** Objects for which nothing could be done; the admin sees which. */
  passedOver: number;
  /** Whether it came to the end. If not, the next search of that kind goes on from there. */
  complete: boolean;
}

/** What bounds a run of a search. */
export interface SearchLimits {
  /** Objects younger than this are left out, because their events may be under way. Milliseconds. */
  youngestMs: number;
  /** Asked between two pages of a bucket. The search stops once it is false. */
  goesOn: () => boolean;
}

/**
 * The searches that are made again and again: the last day at every call, and two weeks once a day. A round of two weeks
 * that was cut off goes on.
 */
export async function findDueUploads(limits: SearchLimits, ports: Ports): Promise<Found> {
  const lastDay = inBuckets(
    (bucket) => findIn(bucket, 'last_day', searchWindowMs.last_day, limits, ports),
    ports,
  );
  const [recent] = await Promise.allSettled([lastDay]);
  const older = inBuckets(async (bucket) => {
    const place = await placeOf(bucket, 'two_weeks', ports).read();
    if (!isDue(place, ports.clock.now())) return nothing;
    return findIn(bucket, 'two_weeks', searchWindowMs.two_weeks, limits, ports);
  }, ports);
  const [thorough] = await Promise.allSettled([older]);
  return told(sumOf([recent, thorough]), ports);
}

/** Searches the uploads of the last days, as an admin asks. */
export async function findUploadsOf(days: number, limits: SearchLimits, ports: Ports): Promise<Found> {
  const windowMs = days * 24 * 3_600_000;
  return told(await inBuckets((bucket) => findIn(bucket, 'asked', windowMs, limits, ports), ports), ports);
}

/** When the last search of the last day began that came to its end in both buckets; null before the first. */
export async function searchedAt(ports: SearchedPorts): Promise<Date | null> {
  const { uploads, webUploads } = ports.buckets;
  const places = [uploads, webUploads].map((bucket) => placeOf(bucket, 'last_day', ports).read());
  const [one, other] = (await Promise.all(places)).map(({ coveredAt }) => coveredAt);
  if (!one || !other) return null;
  return one < other ? one : other;
}

function told(found: Found, { log }: Ports): Found {
  if (found.made > 0)
    log.warn(found, 'Uploads had no jobs, because their events were lost: they have them now.');
  return found;
}

/** Both buckets of uploads. One that cannot be searched does not keep the other from it; what it threw is thrown then. */
async function inBuckets(search: (bucket: string) => Promise<Found>, { buckets }: Ports): Promise<Found> {
  return sumOf(await Promise.allSettled([buckets.uploads, buckets.webUploads].map(search)));
}

type SearchedPorts = Pick<Ports, 'buckets' | 'searchPlaces'>;

const nothing: Found = { looked: 0, made: 0, passedOver: 0, complete: true };

/** Throws what a search has thrown. */
function sumOf(searches: PromiseSettledResult<Found>[]): Found {
  return searches.reduce<Found>((sum, search) => {
    if (search.status === 'rejected') throw search.reason;
    const { looked, made, passedOver, complete } = search.value;
    return {
      looked: sum.looked + looked,
      made: sum.made + made,
      passedOver: sum.passedOver + passedOver,
      complete: sum.complete && complete,
    };
  }, nothing);
}

function nameOf(bucket: string, kind: SearchKind, { buckets }: Pick<Ports, 'buckets'>): string {
  return `${kind}-${bucket === buckets.webUploads ? 'web-uploads' : 'uploads'}`;
}

function placeOf(bucket: string, kind: SearchKind, ports: SearchedPorts) {
  return ports.searchPlaces.of(nameOf(bucket, kind, ports));
}

/**
 * Makes the jobs of a bucket's objects whose events were lost. It takes up the round that was cut off, and where that
 * leaves time begins a new one, so that each call that ends has seen the whole bucket. Two never search at once: the
 * second finds nothing.
 */
async function findIn(
  bucket: string,
  kind: SearchKind,
  windowMs: number,
  limits: SearchLimits,
  ports: Ports,
): Promise<Found> {
  const lease = { name: `search-${nameOf(bucket, kind, ports)}`, holder: ports.newToken(), ttlMs: leaseMs };
  const found = await overTime(
    underLease(lease, ports, (lost) => {
      const goesOn = () => !lost.aborted && limits.goesOn();
      return waitFor(findUnderLease(bucket, kind, windowMs, { ...limits, goesOn }, ports));
    }),
  ).finally(() => endLease(lease, ports));
  return found ?? { ...nothing, complete: false };
}

/** Ends a lease that this holder has. Where that fails, it ends by itself. */
async function endLease(
  { name, holder }: { name: string; holder: string },
  { leases, log }: Ports,
): Promise<void> {
  try {
    await leases.acquire(name, holder, 0);
  } catch (error) {
    log.warn({ lease: name, error }, 'A lease could not be ended; it ends by itself.');
  }
}

async function findUnderLease(
  bucket: string,
  kind: SearchKind,
  windowMs: number,
  limits: SearchLimits,
  ports: Ports,
): Promise<Found> {
  const before = await placeOf(bucket, kind, ports).read();
  const search = { kind, windowMs, youngestMs: limits.youngestMs };
  const first = nextRound(before, ports.clock.now(), search);
  const found = await goAround(bucket, kind, before, first.round, limits, ports);
  if (!first.takenUp || !found.complete || !limits.goesOn()) return found;
  const place = await placeOf(bucket, kind, ports).read();
  const next = nextRound(place, ports.clock.now(), search);
  const more = await goAround(bucket, kind, place, next.round, limits, ports);
  return sumOf([found, more].map((value) => ({ status: 'fulfilled', value })));
}

/** Goes through a bucket from where the round is, page by page, and keeps the place after each. */
async function goAround(
  bucket: string,
  kind: SearchKind,
  before: SearchPlace,
  begun: SearchRound,
  { youngestMs, goesOn }: SearchLimits,
  ports: Ports,
): Promise<Found> {
  const document = placeOf(bucket, kind, ports);
  let place = before;
  let round = begun;
  let found = nothing;
  let listing = list(bucket, round.behind, ports);
  for (;;) {
    const page = await listing;
    // The next page is listed while the jobs of this one are looked for.
    if (page.next !== null) listing = list(bucket, page.next, ports);
    // What fails is thrown where it is waited for.
    listing.catch(() => {});
    const to = ports.clock.now().getTime() - youngestMs;
    const objects = page.objects.filter(
      ({ timeCreated }) => timeCreated >= round.from && timeCreated.getTime() < to,
    );
    const helped = await helpLost(bucket, objects, page.unreadable, ports);
    const { passedOver } = helped;
    const written = await document.replace(place, advanced(place, round, { next: page.next, passedOver }));
    const complete = page.next === null;
    found = {
      looked: found.looked + objects.length,
      made: found.made + helped.made,
      passedOver: found.passedOver + passedOver,
      complete,
    };
    // Where the place was changed by another, that one goes on.
    if (complete || !written || !goesOn()) return found;
    place = written;
    round = written.round ?? round;
  }
}

async function list(bucket: string, behind: string | null, { blobs }: Ports): Promise<ObjectPage> {
  return blobs.listPage(bucket, behind);
}

/**
 * Makes the jobs that some objects of a bucket lack. An operation that has its job already gets no second one, even if
 * rules and defaults have changed since.
 */
async function helpLost(
  bucket: string,
  objects: FinalizedObject[],
  unreadable: ObjectPage['unreadable'],
  ports: Ports,
): Promise<Pick<Found, 'made' | 'passedOver'>> {
  let made = 0;
  const waiting = (await withoutTheirJobs(bucket, objects, ports)).values();
  const search = { task: 'search', name: objectAddress, ports } as const;
  const helpers = Array.from({ length: helpedAtOnce }, () =>
    overTime(
      goThrough(walkThrough(waiting), search, function* (object) {
        const existing = yield* waitFor(operationsWithJobs(object, ports));
        const jobs = yield* waitFor(
          routeUpload(object, null, ports, { wanted: (operation) => !existing.has(operation) }),
        );
        made += jobs.length;
        return jobs.length > 0;
      }),
    ),
  );
  const outcomes = await Promise.allSettled(helpers);
  for (const { name, problem } of unreadable) {
    await overTime(passOver({ task: 'search', item: `gs://${bucket}/${name}` }, new Error(problem), ports));
  }
  let passedOver = unreadable.length;
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') throw outcome.reason;
    passedOver += outcome.value.passedOver;
  }
  return { made, passedOver };
}
