/**
 * Jobs whose decision is left to the sweep. No earlier version has left any. What was never published is listed without
 * them, so that ten thousand of them hide no job that its router has left behind.
 */
export const deferredJobs = `
ALTER TABLE jobs ADD COLUMN decide_by INTEGER;
CREATE INDEX jobs_deferred ON jobs (decide_by, id) WHERE decide_by IS NOT NULL;
DROP INDEX jobs_unpublished;
CREATE INDEX jobs_left_behind ON jobs (created_at, id)
  WHERE state = 'queued' AND published_at IS NULL AND decide_by IS NULL;
`;
