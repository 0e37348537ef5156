import { expect, it, onTestFinished } from 'vitest';
import { startTestServer } from '../storage-server/test-server.ts';
import { deletionOfFiles, requireRemovalAtOnce } from './deletion.ts';
import { createStorageServerBlobs } from './embedded/blobs.ts';
import { createStorageBlobs } from './gcp/blobs.ts';
import { silentLog } from './memory/ports.ts';

const buckets = { uploads: 'test-bucket', webUploads: 'web-bucket', results: 'results-bucket' };

async function threeBuckets() {
  const { storage } = await startTestServer();
  for (const name of [buckets.webUploads, buckets.results]) await storage.createBucket(name);
  return { storage, ports: { blobs: createStorageBlobs(storage, silentLog), buckets } };
}

it('says that new buckets keep what is deleted, and names the command that ends it', async () => {
  const { ports } = await threeBuckets();
  expect(await deletionOfFiles(ports)).toEqual({ kind: 'kept', forSeconds: 604_800 });
  await expect(requireRemovalAtOnce(ports)).rejects.toThrow(
    /test-bucket keeps deleted objects for 7 days \(`gcloud storage buckets update gs:\/\/test-bucket --clear-soft-delete`/,
  );
});

it('says that files are removed once all buckets are set so', async () => {
  const { storage, ports } = await threeBuckets();
  const set = (name: string, retentionDurationSeconds: number) =>
    storage.bucket(name).setMetadata({ softDeletePolicy: { retentionDurationSeconds } });
  await set(buckets.uploads, 0);
  await set(buckets.webUploads, 30 * 86_400);
  await set(buckets.results, 0);
  expect(await deletionOfFiles(ports)).toEqual({ kind: 'kept', forSeconds: 30 * 86_400 });
  await set(buckets.webUploads, 0);
  expect(await deletionOfFiles(ports)).toEqual({ kind: 'removed' });
  await requireRemovalAtOnce(ports);
});

it('says how long a bucket keeps what nobody deletes, whichever adapter asks', async () => {
  const { storage, ports } = await threeBuckets();
  const { webUploads } = buckets;
  expect(await ports.blobs.lifetime(webUploads)).toEqual({ kind: 'until_deleted' });
  const rule = (age: number, more: object = {}) => ({
    action: { type: 'Delete' as const },
    condition: { age, ...more },
  });
  await storage.bucket(webUploads).setMetadata({
    lifecycle: { rule: [rule(30), rule(14), rule(1, { matchesPrefix: ['tmp/'] })] },
  });
  expect(await ports.blobs.lifetime(webUploads)).toEqual({ kind: 'days', days: 14 });
  const address = storage.baseUrl.replace(/\/storage\/v1$/, '');
  const embedded = createStorageServerBlobs(address);
  onTestFinished(() => embedded.close());
  expect(await embedded.lifetime(webUploads)).toEqual({ kind: 'days', days: 14 });
  expect(await embedded.lifetime(buckets.results)).toEqual({ kind: 'until_deleted' });
});

it('says that older versions stay in a bucket with versioning', async () => {
  const { storage, ports } = await threeBuckets();
  await storage.bucket(buckets.results).setMetadata({ versioning: { enabled: true } });
  expect(await deletionOfFiles(ports)).toEqual({ kind: 'versioned' });
  await expect(requireRemovalAtOnce(ports)).rejects.toThrow(
    /results-bucket keeps older versions .*--no-versioning/,
  );
});
