import { expect } from 'vitest';
import { conformanceSection } from './conformance.ts';
import { startTestServer } from './test-server.ts';

conformanceSection('Buckets', (check) => {
  check('create, exists, get, list by prefix and page', 'client', async () => {
    const { storage } = await startTestServer();
    await storage.createBucket('pictures-1', { storageClass: 'NEARLINE', location: 'EU' });
    await storage.createBucket('pictures-2');
    expect((await storage.bucket('pictures-1').exists())[0]).toBe(true);
    expect((await storage.bucket('pictures-3').exists())[0]).toBe(false);
    const [metadata] = await storage.bucket('pictures-1').getMetadata();
    expect(metadata).toMatchObject({
      name: 'pictures-1',
      storageClass: 'NEARLINE',
      location: 'EU',
      metageneration: '1',
    });
    const [first, next] = await storage.getBuckets({
      prefix: 'pictures',
      maxResults: 1,
      autoPaginate: false,
    });
    const [second, end] = await storage.getBuckets({ ...next, autoPaginate: false });
    expect([...first, ...second].map(({ name }) => name)).toEqual(['pictures-1', 'pictures-2']);
    expect(end).toBeNull();
  });

  check(
    'locations in capitals, with their kind; rules that delete by age or end multipart uploads, and no others',
    'client',
    async () => {
      const { storage } = await startTestServer();
      const abort = 'AbortIncompleteMultipartUpload' as const;
      const lifecycle = {
        rule: [
          { action: { type: abort }, condition: { age: 7 } },
          { action: { type: 'Delete' as const }, condition: { age: 30, matchesPrefix: ['sketch/'] } },
        ],
      };
      const [, region] = await storage.createBucket('pictures-1', { location: 'us-central1', lifecycle });
      expect(region).toMatchObject({ location: 'US-CENTRAL1', locationType: 'region', lifecycle });
      for (const [location, locationType] of [
        ['eu', 'multi-region'],
        ['nam4', 'dual-region'],
      ] as const) {
        const [, made] = await storage.createBucket(`pictures-${location}`, { location });
        expect(made).toMatchObject({ location: location.toUpperCase(), locationType });
      }
      const rule = [{ action: { type: 'Delete' as const }, condition: { age: 7, numNewerVersions: 3 } }];
      await expect(storage.createBucket('pictures-2', { lifecycle: { rule } })).rejects.toMatchObject({
        code: 501,
        message: expect.stringContaining('lifecycle rules'),
      });
    },
  );

  check('create one that exists: 409', 'client', async () => {
    const { storage } = await startTestServer();
    await expect(storage.createBucket('test-bucket')).rejects.toMatchObject({ code: 409 });
  });

  check('a bad bucket name: 400', 'client', async () => {
    const { storage } = await startTestServer();
    for (const name of ['No', 'UPPER', 'a', '../escape', 'x'.repeat(64), '-dash']) {
      await expect(storage.createBucket(name)).rejects.toMatchObject({ code: 400 });
    }
  });

  check('delete: 409 while not empty, then gone', 'client', async () => {
    const { bucket } = await startTestServer();
    await bucket.file('a').save('x');
    await expect(bucket.delete()).rejects.toMatchObject({ code: 409 });
    await bucket.file('a').delete();
    await bucket.delete();
    expect((await bucket.exists())[0]).toBe(false);
    await expect(bucket.file('a').save('x')).rejects.toMatchObject({ code: 404 });
  });

  check('change cors, labels, versioning; conditions on metageneration', 'client', async () => {
    const { bucket } = await startTestServer();
    await bucket.setLabels({ team: 'blue', old: 'yes' });
    await bucket.deleteLabels('old');
    await bucket.setCorsConfiguration([{ origin: ['*'], method: ['GET'], maxAgeSeconds: 60 }]);
    const [metadata] = await bucket.setMetadata({ versioning: { enabled: true } });
    expect(metadata.labels).toEqual({ team: 'blue' });
    expect(metadata.cors).toHaveLength(1);
    expect(metadata.versioning).toEqual({ enabled: true });
    expect(Number(metadata.metageneration)).toBe(5);
    await expect(
      bucket.setMetadata({ versioning: { enabled: false } }, { ifMetagenerationMatch: 3 }),
    ).rejects.toMatchObject({ code: 412 });
  });

  check('access control and IAM: 501 that says so', 'client', async () => {
    const { bucket } = await startTestServer();
    await bucket.file('a').save('x');
    await expect(bucket.iam.getPolicy()).rejects.toMatchObject({
      code: 501,
      message: expect.stringContaining('iam'),
    });
    await expect(bucket.file('a').makePublic()).rejects.toMatchObject({ code: 501 });
    const [permissions] = await bucket.iam.testPermissions(['storage.objects.get', 'storage.objects.list']);
    expect(permissions).toEqual({ 'storage.objects.get': true, 'storage.objects.list': true });
  });

  check('unknown route: 404 that names method and path', 'fetch', async () => {
    const { server } = await startTestServer();
    const response = await fetch(`${server.url}/storage/v1/nonsense`, { method: 'POST' });
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({
      error: { message: expect.stringContaining('POST /storage/v1/nonsense') },
    });
  });

  check('found through STORAGE_EMULATOR_HOST', 'client', async () => {
    const { server } = await startTestServer();
    process.env.STORAGE_EMULATOR_HOST = server.url;
    try {
      const { Storage } = await import('@google-cloud/storage');
      const bucket = new Storage({ projectId: 'test-project' }).bucket('test-bucket');
      await bucket.file('folder/a').save('found');
      expect(String((await bucket.file('folder/a').download())[0])).toBe('found');
      expect((await bucket.getFiles())[0]).toHaveLength(1);
    } finally {
      delete process.env.STORAGE_EMULATOR_HOST;
    }
  });
});
