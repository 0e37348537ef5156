import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { baseConfigSchema } from '../config.ts';
import { silentLog } from '../memory/ports.ts';
import { consumerContract } from '../testing/consumer-contract.ts';
import { jobLedgerContract } from '../testing/job-ledger-contract.ts';
import { jobStoreContract } from '../testing/job-store-contract.ts';
import { metricsDocumentsContract } from '../testing/metrics-documents-contract.ts';
import { portsContract } from '../testing/ports-contract.ts';
import { createEmbeddedPorts, type EmbeddedPorts } from './ports.ts';

/** The same contract on one SQLite file. Two sets of ports, each with a connection of its own, take turns. */
let folder = '';
let both: EmbeddedPorts[] = [];
let turn = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spillway-embedded-'));
  const config = baseConfigSchema.parse({
    SPILLWAY_ENGINE: 'embedded',
    SPILLWAY_DATABASE: join(folder, 'spillway.db'),
    STORAGE_EMULATOR_HOST: 'http://127.0.0.1:9',
    SPILLWAY_PROJECT: 'demo-contract',
    SPILLWAY_UPLOADS_BUCKET: 'uploads',
    SPILLWAY_WEB_UPLOADS_BUCKET: 'web-uploads',
    SPILLWAY_RESULTS_BUCKET: 'results',
  });
  both = [await createEmbeddedPorts(config, silentLog), await createEmbeddedPorts(config, silentLog)];
});
afterAll(async () => {
  for (const ports of both) await ports.close();
  await rm(folder, { recursive: true, force: true });
});

const next = () => both[turn++ % both.length] ?? expect.fail('The ports are not open.');
jobStoreContract('SQLite', next);
jobLedgerContract('SQLite', next);
portsContract('SQLite', next);
metricsDocumentsContract('SQLite', next);
consumerContract(
  'SQLite',
  next,
  (data) => JSON.stringify({ message: { data: Buffer.from(data).toString('base64') }, subscription: 's' }),
  (object) => ({
    headers: { 'ce-type': 'google.cloud.storage.object.v1.finalized', 'ce-id': '1' },
    body: JSON.parse(JSON.stringify({ ...object, size: String(object.size) })),
  }),
);
