import { expect } from 'vitest';
import { conformanceSection } from './conformance.ts';
import { startTestServer } from './test-server.ts';

/**
 * Every method of the JSON API, by its discovery document, as `METHOD path`, without those that this server has.
 * @see https://storage.googleapis.com/$discovery/rest?version=v1
 */
const documented = [
  'GET b/test-bucket/anywhereCaches',
  'POST b/test-bucket/anywhereCaches',
  'GET b/test-bucket/anywhereCaches/1',
  'POST b/test-bucket/anywhereCaches/1/pause',
  'GET b/test-bucket/acl',
  'PATCH b/test-bucket/acl/allUsers',
  'GET b/test-bucket/iam',
  'PUT b/test-bucket/iam',
  'POST b/test-bucket/lockRetentionPolicy',
  'POST b/test-bucket/relocate',
  'POST b/test-bucket/restore',
  'POST channels/stop',
  'GET b/test-bucket/defaultObjectAcl',
  'DELETE b/test-bucket/defaultObjectAcl/allUsers',
  'GET b/test-bucket/folders',
  'POST b/test-bucket/folders',
  'POST b/test-bucket/folders/a/renameTo/folders/b',
  'GET b/test-bucket/managedFolders/a/iam',
  'GET b/test-bucket/o/a/acl',
  'POST b/test-bucket/o/a/acl',
  'GET b/test-bucket/o/a/acl/allUsers',
  'GET b/test-bucket/o/a/iam',
  'GET b/test-bucket/o/a/iam/testPermissions',
  'POST b/test-bucket/o/bulkRestore',
  'POST b/test-bucket/o/watch',
  'GET b/test-bucket/operations',
  'POST b/test-bucket/operations/1/cancel',
  'GET projects/p/hmacKeys',
  'DELETE projects/p/hmacKeys/1',
  'GET projects/p/serviceAccount',
];

conformanceSection('What is not done', (check) => {
  check('documented methods that are not here: 501 with a sentence', 'fetch', async () => {
    const { server } = await startTestServer();
    for (const line of documented) {
      const [method = '', path = ''] = line.split(' ');
      const answer = await fetch(`${server.url}/storage/v1/${path}`, { method });
      const body = (await answer.json()) as { error?: { message?: string } };
      expect([line, answer.status, body.error?.message]).toEqual([
        line,
        501,
        expect.stringMatching(/^The local/),
      ]);
    }
    expect((await fetch(`${server.url}/batch/storage/v1`, { method: 'POST' })).status).toBe(501);
    expect((await fetch(`${server.url}/storage/v1/nonsense`)).status).toBe(404);
  });

  check('parameters and headers that change what is asked: 501; ACLs: 400', 'fetch', async () => {
    const { server, bucket } = await startTestServer();
    await bucket.file('a').save('x');
    const upload = '/upload/storage/v1/b/test-bucket/o?uploadType=media&name=b';
    const post = async (path: string, headers: Record<string, string> = {}, body = 'x', method = 'POST') =>
      (await fetch(server.url + path, { method, headers, body })).status;
    expect(await post(`${upload}&kmsKeyName=k`)).toBe(501);
    expect(
      await post('/storage/v1/b/test-bucket/o/a/rewriteTo/b/test-bucket/o/b?destinationKmsKeyName=k'),
    ).toBe(501);
    expect(await post(upload, { 'x-goog-encryption-algorithm': 'AES256' })).toBe(501);
    expect(await post(upload, { 'If-Match': 'tag' })).toBe(501);
    expect(await post(`${upload}&predefinedAcl=private`)).toBe(400);
    expect(await post('/test-bucket/b', { 'x-goog-acl': 'private' }, 'x', 'PUT')).toBe(400);
    expect(await post('/test-bucket/b', { 'x-goog-copy-source': 'test-bucket/a' }, '', 'PUT')).toBe(501);
    expect(await post('/test-bucket/b?tagging', {}, '', 'PUT')).toBe(501);
    expect((await fetch(`${server.url}/storage/v1/b/test-bucket/o?filter=x`)).status).toBe(501);
    expect((await fetch(`${server.url}/storage/v1/b/test-bucket/o/a?alt=proto`)).status).toBe(501);
    expect((await bucket.getFiles())[0].map(({ name }) => name)).toEqual(['a']);
  });

  check('fields of objects and settings of buckets without an effect: 501', 'client', async () => {
    const { bucket } = await startTestServer();
    const notDone = { code: 501, message: expect.stringContaining('The local storage server has no') };
    const save = (metadata: Record<string, string | boolean>) =>
      bucket.file('a').save('x', { resumable: false, metadata });
    for (const metadata of [{ temporaryHold: true }, { eventBasedHold: true }, { kmsKeyName: 'k' }]) {
      await expect(save(metadata)).rejects.toMatchObject(notDone);
    }
    await save({ temporaryHold: false });
    await expect(bucket.file('a').setMetadata({ temporaryHold: true })).rejects.toMatchObject(notDone);
    const rule = { action: { type: 'Delete' as const }, condition: { age: 7, numNewerVersions: 1 } };
    await expect(bucket.addLifecycleRule(rule)).rejects.toMatchObject(notDone);
    const settings = [
      { retentionPolicy: { retentionPeriod: 60 } },
      { defaultEventBasedHold: true },
      { billing: { requesterPays: true } },
      { autoclass: { enabled: true } },
      { hierarchicalNamespace: { enabled: true } },
      { iamConfiguration: { uniformBucketLevelAccess: { enabled: false } } },
    ];
    for (const setting of settings) await expect(bucket.setMetadata(setting)).rejects.toMatchObject(notDone);
    await bucket.setMetadata({ autoclass: { enabled: false }, billing: { requesterPays: false } });
  });

  check('the storage class of a bucket is that of its objects, where they name none', 'client', async () => {
    const { storage } = await startTestServer();
    const [cold] = await storage.createBucket('cold-bucket', { storageClass: 'NEARLINE' });
    await cold.file('a').save('x');
    await cold.file('b').save('x', { resumable: false, metadata: { storageClass: 'COLDLINE' } });
    const classOf = async (name: string) => (await cold.file(name).getMetadata())[0].storageClass;
    expect([await classOf('a'), await classOf('b')]).toEqual(['NEARLINE', 'COLDLINE']);
  });

  check('If-Match and the dates of a reader: 412 and 304', 'fetch', async () => {
    const { server, bucket } = await startTestServer({ now: () => Date.UTC(2030, 0, 1, 0, 0, 0, 500) });
    await bucket.file('a').save('x');
    const [before, at] = ['Mon, 31 Dec 2029 00:00:00 GMT', 'Tue, 01 Jan 2030 00:00:00 GMT'];
    for (const path of [
      '/test-bucket/a',
      '/storage/v1/b/test-bucket/o/a?alt=media',
      '/storage/v1/b/test-bucket/o/a',
    ]) {
      const get = async (headers: Record<string, string>) => {
        const answer = await fetch(server.url + path, { headers });
        await answer.arrayBuffer();
        return answer;
      };
      const etag = (await get({})).headers.get('etag') ?? '';
      expect((await get({ 'If-Match': etag })).status).toBe(200);
      expect((await get({ 'If-Match': '"other"' })).status).toBe(412);
      expect((await get({ 'If-None-Match': etag })).status).toBe(304);
      expect((await get({ 'If-Modified-Since': at })).status).toBe(304);
      expect((await get({ 'If-Modified-Since': before })).status).toBe(200);
      expect((await get({ 'If-Unmodified-Since': before })).status).toBe(412);
      expect((await get({ 'If-Unmodified-Since': at })).status).toBe(200);
      expect((await get({ 'If-Modified-Since': 'no date' })).status).toBe(200);
    }
  });
});
