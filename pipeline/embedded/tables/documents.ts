/**
 * The documents: JSON as text. Times are milliseconds since 1970.
 *
 * A row of `jobs` has what queries ask for. Its document is beside it, in one of two tables: SQLite does not close the
 * gaps that a document leaves in its page when it shrinks, and jobs that have ended are the many. So the document of an
 * ended job is packed (see `packed-document.ts`) and moves to a table where nothing changes any more.
 *
 * `jobs.seq` and `jobs.version` are given by one rising number (see `rising-number.ts`): `seq` when a job is created, `version`
 * with every write. Work is in whole microseconds and money in whole picodollars, so that sums of them are exact.
 *
 * Each query of the ledger, the backlog and the feed has an index that has all that it reads. Those over open jobs are
 * partial: what has ended is not in them.
 */
export const documentTables = `
CREATE TABLE jobs (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL,
  version INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  state TEXT NOT NULL,
  target TEXT NOT NULL,
  operation TEXT NOT NULL,
  owner TEXT,
  upload TEXT,
  batch TEXT,
  source_bucket TEXT NOT NULL,
  source_name TEXT NOT NULL,
  source_generation TEXT NOT NULL,
  turn_at INTEGER,
  deadline_at INTEGER NOT NULL,
  decided_at INTEGER NOT NULL,
  published_at INTEGER,
  claim_ends_at INTEGER,
  ended_at INTEGER,
  outbox_since INTEGER,
  deleted_at INTEGER,
  expires_at INTEGER,
  may_pass INTEGER NOT NULL,
  work_us INTEGER NOT NULL,
  vm_work_us INTEGER NOT NULL,
  picodollars INTEGER NOT NULL
) STRICT;
CREATE TABLE open_documents (seq INTEGER PRIMARY KEY, document TEXT NOT NULL) STRICT;
CREATE TABLE ended_documents (seq INTEGER PRIMARY KEY, document BLOB NOT NULL) STRICT;
CREATE TRIGGER jobs_removed AFTER DELETE ON jobs BEGIN
  DELETE FROM open_documents WHERE seq = old.seq;
  DELETE FROM ended_documents WHERE seq = old.seq;
END;

CREATE UNIQUE INDEX jobs_id ON jobs (id);
CREATE UNIQUE INDEX jobs_version ON jobs (version);
CREATE INDEX jobs_source ON jobs (source_name, source_generation);
CREATE INDEX jobs_expiring ON jobs (expires_at) WHERE expires_at IS NOT NULL;

CREATE INDEX jobs_owner ON jobs (owner, seq) WHERE deleted_at IS NULL;
CREATE INDEX jobs_upload ON jobs (upload, seq) WHERE upload IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX jobs_batch ON jobs (batch, seq) WHERE batch IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX jobs_operation ON jobs (operation, seq) WHERE deleted_at IS NULL;
CREATE INDEX jobs_state ON jobs (state, seq) WHERE deleted_at IS NULL;
CREATE INDEX jobs_target ON jobs (target, seq) WHERE deleted_at IS NULL;
CREATE INDEX jobs_in_batch ON jobs (batch, operation, seq) WHERE batch IS NOT NULL;
CREATE INDEX jobs_arrived ON jobs (created_at, vm_work_us);
CREATE INDEX jobs_arrived_of ON jobs (operation, created_at, vm_work_us);

CREATE INDEX jobs_line ON jobs (target, turn_at, id, seq, work_us) WHERE state = 'queued';
CREATE INDEX jobs_waiting ON jobs (target, seq) WHERE state = 'queued';
CREATE INDEX jobs_unpublished ON jobs (created_at, id) WHERE state = 'queued' AND published_at IS NULL;
CREATE INDEX jobs_published ON jobs (published_at, id) WHERE state = 'queued' AND published_at IS NOT NULL;
CREATE INDEX jobs_run_line ON jobs (published_at, id)
  WHERE state = 'queued' AND target = 'run' AND published_at IS NOT NULL;
CREATE INDEX jobs_claimed ON jobs (claim_ends_at, id, target, work_us) WHERE state = 'processing';
CREATE INDEX jobs_open_on_run ON jobs (seq, work_us) WHERE target = 'run' AND state IN ('queued', 'processing');
CREATE INDEX jobs_of_owner_on_vm ON jobs (owner, deadline_at, seq, work_us)
  WHERE target = 'vm' AND state IN ('queued', 'processing');
CREATE INDEX jobs_outbox ON jobs (outbox_since, id) WHERE outbox_since IS NOT NULL;
CREATE INDEX jobs_ended ON jobs (target, state, ended_at, may_pass) WHERE ended_at IS NOT NULL;
CREATE INDEX jobs_decided_for_run ON jobs (decided_at, picodollars) WHERE target = 'run';

CREATE TABLE workers (
  id TEXT PRIMARY KEY,
  version INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  document TEXT NOT NULL
) STRICT;
CREATE INDEX workers_version ON workers (version);

CREATE TABLE leases (name TEXT PRIMARY KEY, holder TEXT NOT NULL, expires_at INTEGER NOT NULL) STRICT;

CREATE TABLE passed_over (id TEXT PRIMARY KEY, expires_at INTEGER NOT NULL, document TEXT NOT NULL) STRICT;
CREATE INDEX passed_over_expiring ON passed_over (expires_at);

CREATE TABLE audit (
  id TEXT PRIMARY KEY,
  at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  document TEXT NOT NULL
) STRICT;
CREATE INDEX audit_latest ON audit (at, id);
CREATE INDEX audit_expiring ON audit (expires_at);

CREATE TABLE api_keys (
  id TEXT PRIMARY KEY,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  document TEXT NOT NULL
) STRICT;
CREATE INDEX api_keys_newest ON api_keys (created_at);

-- controls/, settings/ and routing/: one document each, by its path.
CREATE TABLE documents (path TEXT PRIMARY KEY, document TEXT NOT NULL) STRICT;
`;
