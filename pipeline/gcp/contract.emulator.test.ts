import { Storage } from '@google-cloud/storage';
import { inject } from 'vitest';
import { createMemoryPorts } from '../memory/ports.ts';
import { jobStoreContract } from '../testing/job-store-contract.ts';
import { portsContract } from '../testing/ports-contract.ts';
import { createGcpPorts } from './ports.ts';

/** The same contract against the real client libraries and Google's emulators, in a project of its own. */
const stack = inject('stack');
process.env.FIRESTORE_EMULATOR_HOST = stack.firestore;
process.env.PUBSUB_EMULATOR_HOST = stack.pubsub;
process.env.STORAGE_EMULATOR_HOST = stack.storage;

const ports = createGcpPorts(
  {
    SPILLWAY_PROJECT: 'demo-contract',
    SPILLWAY_UPLOADS_BUCKET: stack.buckets.uploads,
    SPILLWAY_RESULTS_BUCKET: stack.buckets.results,
  },
  createMemoryPorts().log,
);
const storage = new Storage({ projectId: stack.project, apiEndpoint: stack.storage });

jobStoreContract('Firestore', () => ports.jobs);
portsContract(
  "Google's clients",
  () => ports,
  async (name, bytes) => {
    const file = storage.bucket(stack.buckets.uploads).file(name);
    await file.save(bytes, { resumable: false });
    return { generation: String(file.metadata.generation) };
  },
);
