import { Storage } from '@google-cloud/storage';
import { beforeAll, inject } from 'vitest';
import { blobsContract } from '../testing/blobs-contract.ts';
import { consumerContract } from '../testing/consumer-contract.ts';
import { emulatorPorts } from '../testing/emulator-ports.ts';
import { jobLedgerContract } from '../testing/job-ledger-contract.ts';
import { jobStoreContract } from '../testing/job-store-contract.ts';
import { metricsDocumentsContract } from '../testing/metrics-documents-contract.ts';
import { portsContract } from '../testing/ports-contract.ts';
import { subscriptionNames, topicNames } from '../topics.ts';

/** The same contract against the real client libraries and Google's emulators, in a project of its own. */
const stack = inject('stack');
const ports = emulatorPorts('demo-contract');
const storage = new Storage({ projectId: stack.project, apiEndpoint: stack.storage });

beforeAll(async () => {
  const [dead] = await ports.pubsub.createTopic(topicNames.dead);
  await dead.createSubscription(subscriptionNames.dead, { ackDeadlineSeconds: 20 });
  const [topic] = await ports.pubsub.createTopic(topicNames.vm);
  await topic.createSubscription(subscriptionNames.vm, { ackDeadlineSeconds: 20 });
});

jobStoreContract('Firestore', () => ports);
jobLedgerContract('Firestore', () => ports);
portsContract("Google's clients", () => ports);
metricsDocumentsContract("Google's clients", () => ports);
blobsContract(
  'Cloud Storage',
  () => ports,
  async (name, bytes, contentEncoding) => {
    const file = storage.bucket(stack.buckets.uploads).file(name);
    await file.save(bytes, { resumable: false, metadata: contentEncoding ? { contentEncoding } : {} });
    return { generation: String(file.metadata.generation) };
  },
);
consumerContract(
  'Pub/Sub',
  () => ports,
  (data) => JSON.stringify({ message: { data: Buffer.from(data).toString('base64') }, subscription: 's' }),
  (object) => ({
    headers: { 'ce-type': 'google.cloud.storage.object.v1.finalized', 'ce-id': '1' },
    body: JSON.parse(JSON.stringify({ ...object, size: String(object.size) })),
  }),
  { pullsRun: false },
);
