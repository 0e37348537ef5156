/** Changes of `settings/`, one row each. Times are milliseconds since 1970. */
export const settingsHistory = `
CREATE TABLE settings_history (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  document TEXT NOT NULL
) STRICT;
CREATE INDEX settings_history_latest ON settings_history (name, at, id);
CREATE INDEX settings_history_expiring ON settings_history (expires_at);
`;
