import { blobsContract } from '../testing/blobs-contract.ts';
import { consumerContract } from '../testing/consumer-contract.ts';
import { jobLedgerContract } from '../testing/job-ledger-contract.ts';
import { jobStoreContract } from '../testing/job-store-contract.ts';
import { metricsDocumentsContract } from '../testing/metrics-documents-contract.ts';
import { portsContract } from '../testing/ports-contract.ts';
import { createMemoryPorts } from './ports.ts';

const ports = createMemoryPorts();
jobStoreContract('memory', () => ports);
jobLedgerContract('memory', () => ports);
portsContract('memory', () => ports);
metricsDocumentsContract('memory', () => ports);
blobsContract(
  'memory',
  () => ports,
  async (name, bytes, contentEncoding) =>
    ports.blobs.upload(ports.buckets.uploads, name, bytes, {}, contentEncoding ?? null),
);
consumerContract(
  'memory',
  () => ports,
  (data) => data,
  (object) => ({ headers: {}, body: JSON.parse(JSON.stringify(object)) }),
);
