/**
 * The messages that wait in a subscription or are held from it. Each topic has one subscription, so a message is one row.
 *
 * `due_at` says from when on the message may be taken, in milliseconds since 1970: when it was published, when its pause
 * after a refusal ends, or, while somebody holds it, its ack deadline. `attempts` counts how often it was taken; with
 * the id it names one delivery, and ids never come again.
 */
export const messageTables = `
CREATE TABLE messages (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  subscription TEXT NOT NULL,
  due_at INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  published_at INTEGER NOT NULL,
  attributes TEXT NOT NULL,
  data TEXT NOT NULL
) STRICT;
CREATE INDEX messages_due ON messages (subscription, due_at, id);
CREATE INDEX messages_age ON messages (subscription, published_at, id);
`;
