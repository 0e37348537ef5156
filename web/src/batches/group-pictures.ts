import { countOf } from '@spillway/core/amounts.ts';
import { isOperationName, operationNames } from '@spillway/core/operations.ts';
import type { JobView } from '@spillway/web/api/schema.ts';
import { displayName } from '../format/file-name.ts';
import { originOf } from '../jobs/job-origin.ts';
import type { FileUpload } from '../uploads/file-upload.ts';
import type { Batch, Picture, PictureResult } from './batch.ts';
import { stageOf } from './result-stage.ts';

/** What the batches are made of. */
export interface BatchSources {
  uploads: readonly FileUpload[];
  jobs: Iterable<JobView>;
  /** Card keys of every job that was seen. If such a card has no job now, the job was deleted. */
  knownCards: ReadonlySet<string>;
}

/**
 * Joins uploads and jobs into batches, the newest first. Jobs are matched by the upload's id, so that the picture that
 * showed the progress then shows the results. Returned pictures and batches are the same objects as before where
 * nothing about them has changed.
 */
export function createBatchGrouper(): (sources: BatchSources) => readonly Batch[] {
  let knownPictures = new Map<string, RememberedPicture>();
  let knownBatches = new Map<string, Batch>();
  return (sources) => {
    const placed = picturesOf(sources, knownPictures);
    knownPictures = new Map(placed.map((picture) => [picture.picture.key, picture]));
    const batches = [...Map.groupBy(placed, ({ batchKey }) => batchKey)].map(([key, members]) =>
      sameOr(knownBatches.get(key), batchOf(key, members)),
    );
    knownBatches = new Map(batches.map((batch) => [batch.key, batch]));
    return batches.sort((a, b) => b.addedAt - a.addedAt || compareText(a.key, b.key));
  };
}

interface RememberedPicture {
  picture: Picture;
  /** Everything that the picture was made of. The same parts make the same picture. */
  parts: readonly unknown[];
  batchKey: string;
  batchId: string | null;
  addedAt: number;
  files: number;
}

function picturesOf(
  { uploads, jobs, knownCards }: BatchSources,
  known: ReadonlyMap<string, RememberedPicture>,
): RememberedPicture[] {
  const jobsByOrigin = Map.groupBy(jobs, originOf);
  const local = uploads.flatMap((upload): RememberedPicture[] => {
    const id = upload.uploadId.value;
    const own = id === null ? [] : (jobsByOrigin.get(id) ?? []);
    if (id !== null) jobsByOrigin.delete(id);
    const parts = [upload, upload.phase.value, id, ...own];
    const before = known.get(upload.key);
    if (before && sameItems(before.parts, parts)) return [before];
    const results = resultsOf(upload.key, upload, own, (operation) => knownCards.has(`${id}:${operation}`));
    if (results.length === 0) return [];
    const { file, plan, index, addedAt } = upload;
    const picture = { key: upload.key, id, name: file.name, size: file.size, index, upload, results };
    return [{ picture, parts, batchKey: plan.batchId, batchId: plan.batchId, addedAt, files: plan.files }];
  });
  const earlier = [...jobsByOrigin].flatMap(([origin, own]): RememberedPicture[] => {
    const before = known.get(origin);
    if (before && sameItems(before.parts, own)) return [before];
    const [first] = own;
    if (!first) return [];
    const { source, batch, batchSize } = first;
    const addedAt = source.timeCreated.getTime();
    const picture: Picture = {
      key: origin,
      id: origin,
      name: displayName(source.name),
      size: source.size,
      index: first.batchIndex ?? 0,
      upload: null,
      results: resultsOf(origin, null, own, () => true),
    };
    const day = source.timeCreated.toDateString();
    return [
      {
        picture,
        parts: own,
        batchKey: batch ?? day,
        batchId: batch,
        addedAt,
        files: batchSize ?? own.length,
      },
    ];
  });
  return [...local, ...earlier];
}

function batchOf(key: string, members: readonly RememberedPicture[]): Batch {
  const pictures = members.toSorted(comparePlaces).map(({ picture }) => picture);
  const local = members.find(({ picture }) => picture.upload !== null);
  return {
    key,
    id: members[0]?.batchId ?? null,
    name: batchName(pictures),
    addedAt: local?.addedAt ?? Math.min(...members.map(({ addedAt }) => addedAt)),
    files: Math.max(pictures.length, ...members.map(({ files }) => files)),
    pictures,
  };
}

function comparePlaces(a: RememberedPicture, b: RememberedPicture): number {
  return (
    a.picture.index - b.picture.index ||
    a.addedAt - b.addedAt ||
    compareText(a.picture.name, b.picture.name) ||
    compareText(a.picture.key, b.picture.key)
  );
}

function batchName(pictures: readonly Picture[]): string {
  const [only] = pictures;
  return pictures.length === 1 && only ? only.name : countOf(pictures.length, 'picture');
}

function resultsOf(
  pictureKey: string,
  upload: FileUpload | null,
  jobs: readonly JobView[],
  isKnown: (operation: string) => boolean,
): PictureResult[] {
  const jobsByOperation = Map.groupBy(jobs, ({ operation }) => operation);
  const awaited =
    upload?.plan.operations.filter((name) => !jobsByOperation.has(name) && !isKnown(name)) ?? [];
  const results = [
    ...awaited.map(
      (operation): PictureResult => ({
        key: `${pictureKey}:${operation}`,
        id: operation,
        operation,
        job: null,
        runs: [],
        stage: stageOf(upload, null),
        options: upload?.plan.options[operation] ?? {},
      }),
    ),
    ...[...jobsByOperation.values()].flatMap((runs) => variantsOf(pictureKey, runs)),
  ];
  return results.sort(
    (a, b) => rankOf(a.operation) - rankOf(b.operation) || compareText(a.operation, b.operation),
  );
}

/** The results of one operation, one for each set of options, the newest set first. */
function variantsOf(pictureKey: string, jobs: readonly JobView[]): PictureResult[] {
  const oldestFirst = jobs.toSorted(compareRuns);
  const byOptions = Map.groupBy(oldestFirst, ({ options }) => optionsKey(options));
  return [...byOptions.values()]
    .flatMap((group, place): PictureResult[] => {
      const runs = group.toReversed();
      const [job] = runs;
      if (!job) return [];
      const { operation, options } = job;
      // The first set has the id that it had before it became a job.
      const id = place === 0 ? operation : `${operation}~${group[0]?.id}`;
      return [{ key: `${pictureKey}:${id}`, id, operation, job, runs, stage: stageOf(null, job), options }];
    })
    .reverse();
}

function compareRuns(a: JobView, b: JobView): number {
  return a.createdAt.getTime() - b.createdAt.getTime() || a.run - b.run || compareText(a.id, b.id);
}

/** The same text for the same options, in whatever order they are named. */
function optionsKey(options: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(Object.entries(options).sort(([a], [b]) => compareText(a, b)));
}

function rankOf(operation: string): number {
  const rank = isOperationName(operation) ? operationNames.indexOf(operation) : -1;
  return rank < 0 ? operationNames.length : rank;
}

function sameOr(before: Batch | undefined, next: Batch): Batch {
  return before &&
    sameItems(before.pictures, next.pictures) &&
    before.files === next.files &&
    before.addedAt === next.addedAt
    ? before
    : next;
}

function sameItems(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
