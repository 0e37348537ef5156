import { buffer } from 'node:stream/consumers';
import type { Job } from '@spillway/core/job.ts';
import { fromBuffer } from 'yauzl';
import { type Browser, createBrowser, createTestApi, type TestApi, upload } from './test-client.ts';
import { succeed, succeedWithCaption } from './test-jobs.ts';

/** A visitor of the real API, who has a batch. */
export interface VisitorWithBatch {
  site: TestApi;
  browser: Browser;
  owner: string;
  /** Uploads a picture of the batch `b1`. */
  drop(name: string, index: number, metadata?: Record<string, string>): Promise<Job>;
  /** The same, with a result of these bytes. */
  dropDone(name: string, index: number, bytes: string): Promise<Job>;
  /** The same, with this caption. */
  dropCaption(name: string, index: number, caption: string): Promise<Job>;
}

export async function visitorWithBatch(site = createTestApi()): Promise<VisitorWithBatch> {
  const browser = createBrowser(site);
  const owner = await browser.owner();
  const drop = (name: string, index: number, metadata: Record<string, string> = {}) =>
    upload(site, owner, {
      name,
      metadata: { batch: 'b1', 'batch-index': String(index), ...metadata },
    });
  return {
    site,
    browser,
    owner,
    drop,
    dropDone: async (name, index, bytes) => succeed(await drop(name, index), Buffer.from(bytes), site),
    dropCaption: async (name, index, caption) =>
      succeedWithCaption(await drop(name, index, { operation: 'caption' }), caption, site),
  };
}

/** What a ZIP archive holds, in its order, by a reader that has nothing to do with its writer. */
export async function unzipped(archive: Uint8Array): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  const { promise, resolve, reject } = Promise.withResolvers<Map<string, string>>();
  fromBuffer(Buffer.from(archive), { lazyEntries: true }, (fault, zip) => {
    if (fault) return reject(fault);
    zip.on('error', reject);
    zip.on('end', () => resolve(files));
    zip.on('entry', (entry) => {
      zip.openReadStream(entry, (error, stream) => {
        if (error) return reject(error);
        buffer(stream).then((bytes) => {
          files.set(entry.fileName, bytes.toString());
          zip.readEntry();
        }, reject);
      });
    });
    zip.readEntry();
  });
  return promise;
}
