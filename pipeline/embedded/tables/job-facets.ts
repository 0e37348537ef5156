import type { DatabaseSync } from 'node:sqlite';
import { jobSchema } from '@spillway/core/job.ts';
import { facetsOf } from '../job-facets.ts';
import { unpacked } from '../packed-document.ts';

/** The name of the function that the migration calls. It is there while files are migrated. */
const facetsOfDocument = 'facets_of_document';

/**
 * What an admin looks for jobs by. What few jobs have has an index with the order of the list. Other columns are read from
 * the newest job downwards: an index that every write of a job has to change costs more than that.
 */
export const jobFacets = `
ALTER TABLE jobs ADD COLUMN class TEXT;
ALTER TABLE jobs ADD COLUMN reason TEXT;
ALTER TABLE jobs ADD COLUMN error_code TEXT;
ALTER TABLE jobs ADD COLUMN worker TEXT;
ALTER TABLE jobs ADD COLUMN place TEXT;
ALTER TABLE jobs ADD COLUMN took_ms INTEGER;
ALTER TABLE jobs ADD COLUMN file_name TEXT;
ALTER TABLE jobs ADD COLUMN words TEXT;
WITH found AS (
  SELECT seq, ${facetsOfDocument}(document) AS facets FROM open_documents
  UNION ALL SELECT seq, ${facetsOfDocument}(document) FROM ended_documents
)
UPDATE jobs SET
  class = facets ->> 'class',
  reason = facets ->> 'reason',
  error_code = facets ->> 'error_code',
  worker = facets ->> 'worker',
  place = facets ->> 'place',
  took_ms = facets ->> 'took_ms',
  file_name = facets ->> 'file_name',
  words = facets ->> 'words'
  FROM found WHERE found.seq = jobs.seq;
CREATE INDEX jobs_error_code ON jobs (error_code, seq) WHERE error_code IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX jobs_failed_since ON jobs (error_code, created_at) WHERE error_code IS NOT NULL;
CREATE INDEX jobs_worker ON jobs (worker, seq) WHERE worker IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX jobs_reason ON jobs (reason, seq) WHERE deleted_at IS NULL;
CREATE INDEX jobs_place ON jobs (place, seq) WHERE deleted_at IS NULL;
`;

/** Lets SQL read documents, packed ones too. Of one that is no job nothing is known. */
export function defineFacetsOfDocument(connection: DatabaseSync): void {
  connection.function(facetsOfDocument, { deterministic: true }, (document) => {
    try {
      return JSON.stringify(facetsOf(jobSchema.parse(JSON.parse(unpacked(document)))));
    } catch {
      return '{}';
    }
  });
}
