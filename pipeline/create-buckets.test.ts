import { expect, it, onTestFinished } from 'vitest';
import { startTestServer } from '../storage-server/test-server.ts';
import { createBuckets } from './create-buckets.ts';

const buckets = { uploads: 'uploads', webUploads: 'web-uploads', results: 'results' };

it('gives the buckets an age at which what is in them is deleted, and takes it away', async () => {
  const { server, storage } = await startTestServer();
  onTestFinished(() => server.close());
  const wanted = {
    storage: server.url,
    project: 'demo',
    buckets,
    siteOrigins: [],
    deletion: 'at_once',
  } as const;
  const ages = async () => {
    const all = await Promise.all(Object.values(buckets).map((name) => storage.bucket(name).getMetadata()));
    return all.map(([{ lifecycle }]) => lifecycle?.rule?.[0]?.condition.age ?? null);
  };
  await createBuckets(wanted);
  expect(await ages()).toEqual([null, null, null]);
  await createBuckets({ ...wanted, keptDays: { uploads: 30, results: 90 } });
  expect(await ages()).toEqual([30, 30, 90]);
  await createBuckets(wanted);
  expect(await ages()).toEqual([30, 30, 90]);
  await createBuckets({ ...wanted, keptDays: { uploads: null, results: 90 } });
  expect(await ages()).toEqual([null, null, 90]);
});
