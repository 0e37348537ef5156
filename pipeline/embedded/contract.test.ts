import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { limitedFleet } from '../limits/fleet.ts';
import { limitedJobs } from '../limits/jobs.ts';
import { createMemoryPorts, silentLog } from '../memory/ports.ts';
import type { JobPorts } from '../ports/jobs.ts';
import { jobLedgerContract } from '../testing/job-ledger-contract.ts';
import { jobStoreContract } from '../testing/job-store-contract.ts';
import { portsContract } from '../testing/ports-contract.ts';
import { type Database, openDatabase } from './database.ts';
import { createEmbeddedDatabase } from './ports.ts';

/** The same contract on one SQLite file, which two connections use by turns. */
let folder = '';
let connections: Database[] = [];
let ports: ReturnType<typeof portsOn>[] = [];
let turn = 0;
const memory = createMemoryPorts();

function portsOn(database: Database) {
  const documents = createEmbeddedDatabase(database, silentLog, (item) => expect.fail(item));
  return {
    ...memory,
    ...documents,
    ...limitedJobs(documents),
    fleet: limitedFleet(documents.fleet),
  };
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spillway-embedded-'));
  const path = join(folder, 'spillway.db');
  connections = [await openDatabase(path), await openDatabase(path)];
  ports = connections.map(portsOn);
});
afterAll(async () => {
  for (const connection of connections) connection.close();
  await rm(folder, { recursive: true, force: true });
});

const next = () => ports[turn++ % ports.length] ?? expect.fail('It is not open.');
jobStoreContract('SQLite', (): JobPorts => next());
jobLedgerContract('SQLite', (): JobPorts => next());
portsContract('SQLite', next, async (name, bytes, contentEncoding) =>
  memory.blobs.upload(memory.buckets.uploads, name, bytes, {}, contentEncoding ?? null),
);
