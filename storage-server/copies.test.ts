import { expect } from 'vitest';
import { conformanceSection } from './conformance.ts';
import { bytes, startTestServer } from './test-server.ts';

conformanceSection('Copies', (check) => {
  check('copy within and between buckets keeps bytes and metadata', 'client', async () => {
    const { bucket, storage } = await startTestServer();
    const [other] = await storage.createBucket('other-bucket');
    const metadata = { contentType: 'image/png', metadata: { operation: 'sketch' } };
    await bucket.file('a b/ü.png').save(bytes(5000), { metadata });
    for (const copy of [bucket.file('copy/é 1'), other.file('copy')]) {
      await bucket.file('a b/ü.png').copy(copy);
      expect((await copy.getMetadata())[0]).toMatchObject({ ...metadata, metageneration: '1' });
      expect((await copy.download())[0].equals(bytes(5000))).toBe(true);
    }
  });

  check('copy with metadata of its own; change of storage class alone keeps the rest', 'client', async () => {
    const { bucket } = await startTestServer();
    await bucket.file('a').save('x', { metadata: { contentType: 'text/plain', metadata: { a: '1' } } });
    await bucket.file('a').copy('b', { contentType: 'text/html', metadata: { b: '2' } });
    expect((await bucket.file('b').getMetadata())[0]).toMatchObject({
      contentType: 'text/html',
      metadata: { b: '2' },
    });
    await bucket.file('a').setStorageClass('nearline');
    expect((await bucket.file('a').getMetadata())[0]).toMatchObject({
      storageClass: 'NEARLINE',
      contentType: 'text/plain',
      metadata: { a: '1' },
    });
  });

  check('copy: conditions on both sides, source generation', 'client and fetch', async () => {
    const { bucket, server } = await startTestServer();
    await bucket.file('a').save('x');
    const generation = Number((await bucket.file('a').getMetadata())[0].generation);
    const copy = bucket.file('a').copy('a', { preconditionOpts: { ifGenerationMatch: 0 } });
    await expect(copy).rejects.toMatchObject({ code: 412 });
    await expect(bucket.file('a', { generation: 1 }).copy('b')).rejects.toMatchObject({ code: 404 });
    const rewrite = async (query: string) => {
      const url = `${server.url}/storage/v1/b/test-bucket/o/a/rewriteTo/b/test-bucket/o/b?${query}`;
      return (await fetch(url, { method: 'POST' })).status;
    };
    expect(await rewrite('ifSourceGenerationMatch=1')).toBe(412);
    expect(await rewrite('ifSourceMetagenerationNotMatch=1')).toBe(412);
    expect(await rewrite(`ifSourceGenerationMatch=${generation}&ifGenerationMatch=0`)).toBe(200);
    expect(await rewrite('ifGenerationMatch=0')).toBe(412);
  });

  check('copyTo; move', 'client and fetch', async () => {
    const { bucket, server } = await startTestServer();
    await bucket.file('a').save('x');
    const url = `${server.url}/storage/v1/b/test-bucket/o/a/copyTo/b/test-bucket/o/b`;
    expect(await (await fetch(url, { method: 'POST' })).json()).toMatchObject({
      kind: 'storage#object',
      name: 'b',
    });
    await bucket.file('b').move('c');
    expect((await bucket.file('b').exists())[0]).toBe(false);
    expect(String((await bucket.file('c').download())[0])).toBe('x');
  });

  check('compose: bytes in order, component count, no md5, conditions', 'client', async () => {
    const { bucket } = await startTestServer();
    await bucket.file('1').save('one ');
    await bucket.file('2').save('two');
    await bucket.combine(['1', '2'], 'all.txt');
    const [metadata] = await bucket.file('all.txt').getMetadata();
    expect(metadata).toMatchObject({ componentCount: 2, contentType: 'text/plain', size: '7' });
    expect(metadata.md5Hash).toBeUndefined();
    expect(String((await bucket.file('all.txt').download())[0])).toBe('one two');
    await expect(bucket.combine(['1', 'none'], 'all.txt')).rejects.toMatchObject({ code: 404 });
    await expect(bucket.combine(['1'], 'all.txt', { ifGenerationMatch: 0 })).rejects.toMatchObject({
      code: 412,
    });
  });
});
