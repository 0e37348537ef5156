import * as transitions from '@spillway/core/transitions.ts';
import { openDatabase } from '../database.ts';
import { createEmbeddedDocuments } from '../document-ports.ts';

/**
 * A process of its own that tries to claim every job that waits, once its parent says so, and tells its parent of each that
 * it has; then that there are none left.
 */
export type Claimed = { ready: true } | { id: string } | { done: true };

const [path = '', name = ''] = process.argv.slice(2);
const database = await openDatabase(path);
const { jobs, backlog } = createEmbeddedDocuments(database, { info() {}, warn() {}, error() {} }, () => {});
const tell = (message: Claimed) => process.send?.(message);
process.on('disconnect', () => process.exit(0));
tell({ ready: true });
await new Promise((resolve) => process.once('message', resolve));

for (;;) {
  const line = await backlog.line('vm', 4);
  if (line.length === 0) break;
  for (const stored of line) {
    const now = new Date();
    const claim = { worker: name, token: name, expiresAt: new Date(now.getTime() + 60_000) };
    const outcome = transitions.claimed(stored.job, 0, claim, 3, now);
    if (outcome.kind === 'claimed' && (await jobs.replace(stored, outcome.job))) tell({ id: stored.job.id });
  }
}
tell({ done: true });
