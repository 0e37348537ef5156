import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, inject, it, onTestFinished } from 'vitest';
import { launchBrowser } from './browser.ts';
import { storage } from './drop.ts';
import { drawnJpeg } from './pictures.ts';

const stack = inject('stack');
const uploads = storage.bucket(stack.buckets.uploads);

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());

/** A page of somebody else's, which a developer happens to have open. */
async function servePage(): Promise<string> {
  const server = createServer((_request, response) => {
    response.setHeader('Content-Type', 'text/html').end('<!doctype html><title>Somebody else</title>');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

it.each(['a page', 'a page without an origin'])(
  '%s that is not the site reads and writes nothing in the local storage',
  async (kind) => {
    const name = `_private/${crypto.randomUUID()}`;
    await uploads
      .file(`${name}.jpg`)
      .save(await drawnJpeg(41), { resumable: false, contentType: 'image/jpeg' });
    const context = await browser.newContext();
    onTestFinished(() => context.close());
    const page = await context.newPage();
    const address = await servePage();
    await page.goto(kind === 'a page' ? address : 'about:blank');
    const answers = await page.evaluate(
      async ({ server, bucket, name }) => {
        const picture = `${server}/${bucket}/${name}.jpg`;
        const upload = `${server}/upload/storage/v1/b/${bucket}/o?uploadType=media&name=${name}.planted`;
        const asked = async (url: string, init: RequestInit = {}) => {
          try {
            const answer = await fetch(url, init);
            return answer.type === 'opaque' ? 'opaque' : answer.status;
          } catch {
            return 'refused';
          }
        };
        const shown = new Promise((resolve) => {
          const image = new Image();
          image.onload = () => resolve('shown');
          image.onerror = () => resolve('not shown');
          image.src = picture;
        });
        return {
          list: await asked(`${server}/storage/v1/b/${bucket}/o`),
          read: await asked(picture),
          image: await shown,
          plain: await asked(upload, { method: 'POST', body: 'planted' }),
          blind: await asked(upload, { method: 'POST', body: 'planted', mode: 'no-cors' }),
          put: await asked(`${server}/${bucket}/${name}.planted`, { method: 'PUT', body: 'planted' }),
          remove: await asked(picture, { method: 'DELETE' }),
        };
      },
      { server: stack.storage, bucket: uploads.name, name },
    );
    expect(answers).toMatchObject({
      ...{ list: 'refused', read: 'refused', image: 'not shown', plain: 'refused' },
      ...{ put: 'refused', remove: 'refused' },
    });
    const [files] = await uploads.getFiles({ prefix: name });
    expect(files.map((file) => file.name)).toEqual([`${name}.jpg`]);
  },
);

it('grants the site what it needs to send its visitors’ pictures, and its other address too', async () => {
  const [{ cors }] = await storage.bucket(stack.buckets.webUploads).getMetadata();
  const { port } = new URL(stack.web);
  expect(cors).toMatchObject([{ origin: [stack.web, `http://localhost:${port}`], method: ['PUT'] }]);
  for (const bucket of [stack.buckets.uploads, stack.buckets.results]) {
    const [other] = await storage.bucket(bucket).getMetadata();
    expect(other.cors ?? []).toEqual([]);
  }
});
