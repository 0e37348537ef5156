import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openDatabase } from '@spillway/pipeline/embedded/database.ts';
import { createEmbeddedLeases } from '@spillway/pipeline/embedded/leases.ts';
import { quantile } from '../quantile.ts';

const writes = 200;
const everyMs = 30;

/** Milliseconds from a commit to the moment when another process hears of it. */
export interface Told {
  p50: number;
  p95: number;
  most: number;
}

/** Writes in this process, and listens in another. */
export async function toldWithin(folder: string): Promise<Told> {
  const path = join(folder, 'told.db');
  const database = await openDatabase(path);
  const leases = createEmbeddedLeases(database);
  const child = fork(fileURLToPath(import.meta.resolve('./listening-process.ts')), [path]);
  try {
    await once(child, 'message');
    const afterMs: number[] = [];
    for (let write = 0; write < writes; write++) {
      const heard = once(child, 'message');
      await leases.acquire(`lease-${write}`, 'bench', 60_000);
      const committedAt = process.hrtime.bigint();
      const [{ heardAt }] = (await heard) as [{ heardAt: string }];
      afterMs.push(Math.max(0, Number(BigInt(heardAt) - committedAt) / 1e6));
      await delay(everyMs);
    }
    return { p50: quantile(afterMs, 0.5), p95: quantile(afterMs, 0.95), most: Math.max(...afterMs) };
  } finally {
    child.disconnect();
    database.close();
  }
}
