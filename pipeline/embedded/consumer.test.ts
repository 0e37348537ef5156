import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { consumerContract } from '../testing/consumer-contract.ts';
import { openDatabase } from './database.ts';
import { createEmbeddedQueues } from './queues.ts';

const directory = mkdtempSync(join(tmpdir(), 'consumer-'));
const database = await openDatabase(join(directory, 'spillway.db'));
const queues = createEmbeddedQueues(database);
afterAll(() => {
  queues.close();
  database.close();
  rmSync(directory, { recursive: true });
});

consumerContract(
  'embedded',
  () => queues,
  (data) => JSON.stringify({ message: { data: Buffer.from(data).toString('base64') }, subscription: 's' }),
  (object) => ({
    headers: { 'ce-type': 'google.cloud.storage.object.v1.finalized', 'ce-id': '1' },
    body: JSON.parse(JSON.stringify({ ...object, size: String(object.size) })),
  }),
);
