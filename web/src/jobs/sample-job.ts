import { type JobView, jobViewSchema } from '@spillway/web/api/schema.ts';

/** A job as the API sends it, for tests: queued on the VMs unless told otherwise. */
export function sampleJob(changes: Partial<JobView> = {}): JobView {
  const job = jobViewSchema.parse({
    id: 'job-1',
    schemaVersion: 1,
    state: 'queued',
    operation: 'sketch',
    options: {},
    owner: null,
    source: {
      bucket: 'uploads',
      name: 'web/owner/upload-1/cat.jpg',
      generation: '1',
      size: 1_000,
      contentType: 'image/jpeg',
      timeCreated: '2026-01-01T12:00:00Z',
    },
    batch: null,
    upload: null,
    parent: null,
    run: 1,
    retryOf: null,
    route: {
      target: 'vm',
      reason: 'vm_in_time',
      explanation: 'In time.',
      policy: 'deadline',
      epoch: 0,
      workMs: 300,
      predicted: null,
      at: '2026-01-01T12:00:00.100Z',
    },
    createdAt: '2026-01-01T12:00:00.050Z',
    deadlineAt: '2026-01-01T12:00:02Z',
    publishedAt: null,
    attempt: 0,
    claim: null,
    timings: null,
    result: null,
    error: null,
    endedAt: null,
    eventPublishedAt: null,
    deletedAt: null,
    trace: null,
    expiresAt: null,
  });
  return { ...job, ...changes };
}
