import { jobId } from '@spillway/core/job-id.ts';
import { type FinalizedObject, readUpload, type Sender, storedSource } from '@spillway/core/uploads.ts';
import type { Ports } from './ports/ports.ts';
import { senderOf } from './route.ts';

type LookPorts = Pick<Ports, 'jobs' | 'buckets' | 'settings'>;

/**
 * The objects of one bucket that may lack a job: the id of one that they ask for is not there. All ids are looked up
 * together. The rules or an operation's defaults may have changed since, which gives other ids: `operationsWithJobs` is
 * sure.
 */
export async function withoutTheirJobs(
  bucket: string,
  objects: FinalizedObject[],
  ports: LookPorts,
): Promise<FinalizedObject[]> {
  if (objects.length === 0) return [];
  const sender = await senderOf({ bucket }, ports);
  const wanted = objects.map((object) => ({ object, ids: jobIdsOf(object, sender) }));
  const existing = await ports.jobs.existing(wanted.flatMap(({ ids }) => ids));
  return wanted.flatMap(({ object, ids }) => (ids.every((id) => existing.has(id)) ? [] : [object]));
}

/** The ids of the jobs that an upload's event would make; none where the object is no upload. */
function jobIdsOf(object: FinalizedObject, sender: Sender): string[] {
  const upload = readUpload(object, sender);
  if (upload.kind === 'ignored') return [];
  const { bucket, name, generation } = upload.source;
  return upload.jobs.map(({ operation, options }) =>
    jobId({ bucket, name, generation, operation, options, run: 1 }),
  );
}

/** The operations for which an upload has a job, whatever ids these have. */
export async function operationsWithJobs(
  object: FinalizedObject,
  { jobs }: Pick<LookPorts, 'jobs'>,
): Promise<Set<string>> {
  const existing = await jobs.ofSource(storedSource(object));
  return new Set(existing.map(({ job }) => job.operation));
}
