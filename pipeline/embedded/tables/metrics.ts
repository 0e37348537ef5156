/** `metrics/`: read by their ids alone, which have the order of the times that they are about. */
export const metricsTable = `
CREATE TABLE metrics (
  id TEXT PRIMARY KEY,
  version INTEGER NOT NULL,
  expires_at INTEGER,
  content TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX metrics_expiring ON metrics (expires_at) WHERE expires_at IS NOT NULL;
`;
