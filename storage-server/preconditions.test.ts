import { expect } from 'vitest';
import { conformanceSection } from './conformance.ts';
import { clientOf, startTestServer } from './test-server.ts';

const failedStatus = { code: 412, errors: [expect.objectContaining({ reason: 'conditionNotMet' })] };

conformanceSection('Generations and conditions', (check) => {
  check('each write has a larger generation; a replaced one is a 404', 'client', async () => {
    const { bucket } = await startTestServer({ now: () => 1_000 });
    const generations: number[] = [];
    for (const content of ['one', 'two', 'three']) {
      await bucket.file('a').save(content);
      generations.push(Number((await bucket.file('a').getMetadata())[0].generation));
    }
    const [first, second, third] = generations as [number, number, number];
    expect(first).toBe(1_000_000);
    expect(second > first && third > second).toBe(true);
    expect(String((await bucket.file('a', { generation: third }).download())[0])).toBe('three');
    await expect(bucket.file('a', { generation: first }).download()).rejects.toMatchObject({ code: 404 });
    await expect(bucket.file('a', { generation: first }).getMetadata()).rejects.toMatchObject({ code: 404 });
  });

  for (const resumable of [false, true]) {
    const kind = resumable ? 'resumable' : 'multipart';
    check(`${kind} upload: ifGenerationMatch, 0 for 'must not exist', and NotMatch`, 'client', async () => {
      const { bucket } = await startTestServer();
      const save = (content: string, preconditionOpts: object) =>
        bucket.file('a').save(content, { resumable, preconditionOpts });
      await save('one', { ifGenerationMatch: 0 });
      const [{ generation, metageneration }] = await bucket.file('a').getMetadata();
      await expect(save('no', { ifGenerationMatch: 0 })).rejects.toMatchObject({ code: 412 });
      await expect(save('no', { ifGenerationMatch: 5 })).rejects.toMatchObject({ code: 412 });
      await expect(save('no', { ifGenerationNotMatch: generation })).rejects.toMatchObject({ code: 412 });
      await expect(save('no', { ifMetagenerationMatch: 7 })).rejects.toMatchObject({ code: 412 });
      await expect(save('no', { ifMetagenerationNotMatch: metageneration })).rejects.toMatchObject({
        code: 412,
      });
      expect(String((await bucket.file('a').download())[0])).toBe('one');
      await save('two', { ifGenerationMatch: generation, ifMetagenerationMatch: 1 });
      expect(String((await bucket.file('a').download())[0])).toBe('two');
    });

    check(`twenty ${kind} creates at once with ifGenerationMatch 0: one winner`, 'client', async () => {
      const { bucket } = await startTestServer();
      const results = await Promise.allSettled(
        Array.from({ length: 20 }, async (_, at) => {
          await bucket
            .file('a')
            .save(`writer ${at}`, { resumable, preconditionOpts: { ifGenerationMatch: 0 } });
          return `writer ${at}`;
        }),
      );
      const winners = results.filter((result) => result.status === 'fulfilled');
      const losers = results.filter((result) => result.status === 'rejected');
      expect(winners).toHaveLength(1);
      expect(losers.map(({ reason }) => reason.code)).toEqual(Array(19).fill(412));
      expect(String((await bucket.file('a').download())[0])).toBe(winners[0]?.value);
    });
  }

  check('the body of a 412 has the shape that clients parse', 'fetch', async () => {
    const { server, bucket } = await startTestServer();
    await bucket.file('a').save('x');
    const url = `${server.url}/upload/storage/v1/b/test-bucket/o?uploadType=media&name=a&ifGenerationMatch=0`;
    const response = await fetch(url, { method: 'POST', body: 'y' });
    expect(response.status).toBe(412);
    const message = 'At least one of the pre-conditions you specified did not hold.';
    expect(await response.json()).toEqual({
      error: { code: 412, message, errors: [{ message, domain: 'global', reason: 'conditionNotMet' }] },
    });
  });

  check('get and download: 412, and 304 for NotMatch', 'fetch', async () => {
    const { server, bucket } = await startTestServer();
    await bucket.file('a').save('x');
    const [{ generation }] = await bucket.file('a').getMetadata();
    for (const alt of ['json', 'media']) {
      const status = async (condition: string) =>
        (await fetch(`${server.url}/storage/v1/b/test-bucket/o/a?alt=${alt}&${condition}`)).status;
      expect(await status(`ifGenerationMatch=${generation}`)).toBe(200);
      expect(await status('ifGenerationMatch=1')).toBe(412);
      expect(await status(`ifGenerationNotMatch=${generation}`)).toBe(304);
      expect(await status('ifGenerationNotMatch=1')).toBe(200);
      expect(await status('ifMetagenerationMatch=2')).toBe(412);
      expect(await status('ifMetagenerationNotMatch=1')).toBe(304);
      expect(await status('ifGenerationMatch=x')).toBe(400);
    }
  });

  check('metadata change: merge, null removes, metageneration, conditions', 'client', async () => {
    const { bucket } = await startTestServer();
    const file = bucket.file('a');
    await file.save('x', { metadata: { contentType: 'text/plain', metadata: { keep: '1', drop: '2' } } });
    const [before] = await file.getMetadata();
    const [after] = await file.setMetadata({ cacheControl: 'no-store', metadata: { drop: null, more: '3' } });
    expect(after).toMatchObject({
      metageneration: '2',
      generation: before.generation,
      contentType: 'text/plain',
    });
    expect(after).toMatchObject({ cacheControl: 'no-store', metadata: { keep: '1', more: '3' } });
    expect(after.metadata).not.toHaveProperty('drop');
    expect(after.etag).not.toBe(before.etag);
    await expect(file.setMetadata({ cacheControl: 'x' }, { ifMetagenerationMatch: 1 })).rejects.toMatchObject(
      failedStatus,
    );
    await expect(file.setMetadata({ cacheControl: 'x' }, { ifGenerationMatch: 1 })).rejects.toMatchObject(
      failedStatus,
    );
    await expect(bucket.file('none').setMetadata({ cacheControl: 'x' })).rejects.toMatchObject({ code: 404 });
  });

  check('delete: conditions, generation, and 404 for what is gone', 'client', async () => {
    const { bucket } = await startTestServer();
    const file = bucket.file('a');
    await file.save('x');
    const generation = Number((await file.getMetadata())[0].generation);
    await expect(file.delete({ ifGenerationMatch: 1 })).rejects.toMatchObject(failedStatus);
    await expect(file.delete({ ifMetagenerationMatch: 2 })).rejects.toMatchObject(failedStatus);
    await expect(bucket.file('a', { generation: 1 }).delete()).rejects.toMatchObject({ code: 404 });
    await file.delete({ ifGenerationMatch: generation });
    await expect(file.delete()).rejects.toMatchObject({ code: 404 });
    await file.delete({ ignoreNotFound: true });
  });

  check(
    'versioning: replaced and deleted generations stay until deleted by generation',
    'client',
    async () => {
      const { bucket, restart } = await startTestServer();
      await bucket.setMetadata({ versioning: { enabled: true } });
      await bucket.file('a').save('one');
      const generation = Number((await bucket.file('a').getMetadata())[0].generation);
      await bucket.file('a').save('two');
      await bucket.file('a').delete();
      const again = (await restart()).bucket;
      expect((await again.file('a').exists())[0]).toBe(false);
      const [versions] = await again.getFiles({ versions: true });
      expect(versions.map(({ metadata }) => typeof metadata.timeDeleted)).toEqual(['string', 'string']);
      expect(String((await again.file('a', { generation }).download())[0])).toBe('one');
      for (const { metadata } of versions) {
        await again.file('a', { generation: Number(metadata.generation) }).delete();
      }
      expect((await again.getFiles({ versions: true }))[0]).toEqual([]);
      await again.delete();
    },
  );

  check('the client tries again after a 503 and succeeds, with a condition', 'client', async () => {
    let refusals = 2;
    const { server } = await startTestServer({
      faults: ({ path }) => (path.startsWith('/upload') && refusals-- > 0 ? { status: 503 } : undefined),
    });
    const file = clientOf(server, true).bucket('test-bucket').file('a');
    await file.save('x', { resumable: false, preconditionOpts: { ifGenerationMatch: 0 } });
    expect(refusals).toBe(-1);
  });

  check('a lost reply: the object is there, and the second try is a 412', 'client', async () => {
    let lose = true;
    const { bucket, server } = await startTestServer({
      faults: ({ path }) => {
        if (!path.startsWith('/upload') || !lose) return undefined;
        lose = false;
        return 'lose-reply';
      },
    });
    const url = `${server.url}/upload/storage/v1/b/test-bucket/o?uploadType=media&name=a&ifGenerationMatch=0`;
    await expect(fetch(url, { method: 'POST', body: 'x' })).rejects.toThrow();
    expect(String((await bucket.file('a').download())[0])).toBe('x');
    expect((await fetch(url, { method: 'POST', body: 'x' })).status).toBe(412);
  });
});
