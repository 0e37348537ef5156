import { expect } from 'vitest';
import { conformanceSection } from './conformance.ts';
import { startTestServer } from './test-server.ts';

const names = (files: { name: string }[]): string[] => files.map(({ name }) => name);

async function filled(...objects: string[]) {
  const started = await startTestServer();
  await Promise.all(objects.map((name) => started.bucket.file(name).save('', { resumable: false })));
  return started;
}

/** Every page of a listing, with what it shows as `name` or `prefix/`. */
async function pages(url: string, query: string): Promise<string[][]> {
  const found: string[][] = [];
  for (let token = ''; ; ) {
    const page = await (await fetch(`${url}/storage/v1/b/test-bucket/o?${query}${token}`)).json();
    found.push([...names(page.items ?? []), ...(page.prefixes ?? [])]);
    if (!page.nextPageToken) return found;
    token = `&pageToken=${encodeURIComponent(page.nextPageToken)}`;
  }
}

conformanceSection('Listing', (check) => {
  check('in the order of UTF-8 bytes', 'client', async () => {
    const order = ['A', 'B/', 'B/a', 'a', 'z', 'é', '\uffee', '🎈'];
    const { bucket } = await filled(...order.toReversed());
    expect(names((await bucket.getFiles())[0])).toEqual(order);
  });

  check('prefix, delimiter and includeTrailingDelimiter', 'client', async () => {
    const { bucket } = await filled('a/', 'a/1', 'a/b/2', 'a/b/3', 'a/c/4', 'b', 'c/5');
    const list = async (query: object): Promise<[string[], string[]]> => {
      const [files, , response] = await bucket.getFiles({ ...query, autoPaginate: false });
      return [names(files), (response as { prefixes?: string[] }).prefixes ?? []];
    };
    expect(await list({ delimiter: '/' })).toEqual([['b'], ['a/', 'c/']]);
    expect(await list({ delimiter: '/', prefix: 'a/' })).toEqual([
      ['a/', 'a/1'],
      ['a/b/', 'a/c/'],
    ]);
    expect(await list({ delimiter: '/', prefix: 'a' })).toEqual([[], ['a/']]);
    expect(await list({ delimiter: '/', includeTrailingDelimiter: true })).toEqual([
      ['a/', 'b'],
      ['a/', 'c/'],
    ]);
    expect(await list({ prefix: 'nothing' })).toEqual([[], []]);
  });

  check('startOffset and endOffset', 'client', async () => {
    const { bucket } = await filled('a', 'b', 'c', 'd');
    expect(names((await bucket.getFiles({ startOffset: 'b', endOffset: 'd' }))[0])).toEqual(['b', 'c']);
  });

  check('pages of any size show everything once', 'client and fetch', async () => {
    const objects = ['a/1', 'a/2', 'b', 'c/', 'c/1', 'd', 'e/x/1', 'e/x/2', 'f'];
    const { bucket, server } = await filled(...objects);
    for (const size of [1, 2, 3, 100]) {
      expect((await pages(server.url, `maxResults=${size}`)).flat()).toEqual(objects);
      const folders = await pages(server.url, `maxResults=${size}&delimiter=/`);
      expect(folders.flat().sort()).toEqual(['a/', 'b', 'c/', 'd', 'e/', 'f']);
      expect(folders.every((page) => page.length <= size)).toBe(true);
      const trailing = await pages(
        server.url,
        `maxResults=${size}&delimiter=/&includeTrailingDelimiter=true`,
      );
      expect(trailing.flat().sort()).toEqual(['a/', 'b', 'c/', 'c/', 'd', 'e/', 'f']);
    }
    const streamed: string[] = [];
    for await (const file of bucket.getFilesStream({ maxResults: 2 })) streamed.push(file.name);
    expect(streamed).toHaveLength(2);
    expect((await fetch(`${server.url}/storage/v1/b/test-bucket/o?pageToken=bad`)).status).toBe(400);
  });

  check('versions, page by page', 'fetch', async () => {
    const { bucket, server } = await startTestServer();
    await bucket.setMetadata({ versioning: { enabled: true } });
    for (const name of ['a', 'a', 'a', 'b', 'b']) await bucket.file(name).save(name);
    for (const size of [1, 2, 100]) {
      expect((await pages(server.url, `versions=true&maxResults=${size}`)).flat()).toEqual([
        'a',
        'a',
        'a',
        'b',
        'b',
      ]);
    }
    expect((await pages(server.url, '')).flat()).toEqual(['a', 'b']);
  });

  check('matchGlob', 'client', async () => {
    const { bucket } = await filled('a.png', 'b.jpg', 'x/a.png', 'x/y/c.png', 'x/[1].png');
    const match = async (matchGlob: string) => names((await bucket.getFiles({ matchGlob }))[0]);
    expect(await match('*.png')).toEqual(['a.png']);
    expect(await match('**.png')).toEqual(['a.png', 'x/[1].png', 'x/a.png', 'x/y/c.png']);
    expect(await match('**/c.png')).toEqual(['x/y/c.png']);
    expect(await match('?.{jpg,png}')).toEqual(['a.png', 'b.jpg']);
    expect(await match('[ab].*')).toEqual(['a.png', 'b.jpg']);
    expect(await match('[!a].*')).toEqual(['b.jpg']);
  });
});
