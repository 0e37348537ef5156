/** Private links. No earlier version has made any. */
export const shares = `
CREATE TABLE shares (
  id TEXT PRIMARY KEY,
  owner TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  document TEXT NOT NULL
) STRICT;
CREATE INDEX shares_of_owner ON shares (owner, created_at);
CREATE INDEX shares_expiring ON shares (expires_at);
`;
