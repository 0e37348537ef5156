import type { OperationName } from '@spillway/core/operations.ts';
import { uploadSchema } from '@spillway/web/api/schema.ts';
import { z } from 'zod';
import type { ChosenOptions } from './file-upload.ts';

/** What is kept of an upload that has not arrived, so that it goes on after the page is closed. */
const recordSchema = z.object({
  key: z.string(),
  /** The tab that sends it. */
  tab: z.string(),
  plan: z.object({
    // The server knows which operations and options there are, and says so.
    operations: z.array(z.custom<OperationName>((value) => typeof value === 'string')),
    options: z.custom<ChosenOptions>((value) => typeof value === 'object' && value !== null),
    batchId: z.string(),
    files: z.number(),
  }),
  addedAt: z.number(),
  index: z.number(),
  name: z.string(),
  type: z.string(),
  size: z.number(),
  lastModified: z.number(),
  /** Null until the server has opened one. It is a bearer secret, as in the page's memory. */
  session: uploadSchema.nullable(),
});
export type KeptUpload = z.infer<typeof recordSchema>;

/** The uploads that this browser keeps for the site. Methods throw the database's errors. */
export interface KeptUploads {
  /** Those that can be read, by their time. */
  all(): Promise<KeptUpload[]>;
  /** Adds it, or replaces it. */
  put(record: KeptUpload): Promise<void>;
  /** The file; null where the browser could not keep it. */
  file(record: KeptUpload): Promise<File | null>;
  putFile(key: string, file: File): Promise<void>;
  remove(keys: readonly string[]): Promise<void>;
  clear(): Promise<void>;
}

const databaseName = 'spillway';
const version = 1;
const records = 'uploads';
const files = 'files';

/**
 * Opens the database of this site; null where the browser has none for it, as in some private windows: uploads then go
 * on as long as the page is open.
 */
export async function openKeptUploads(factory: IDBFactory | undefined): Promise<KeptUploads | null> {
  if (!factory) return null;
  try {
    return keptIn(await open(factory));
  } catch {
    return null;
  }
}

function open(factory: IDBFactory): Promise<IDBDatabase> {
  const request = factory.open(databaseName, version);
  request.onupgradeneeded = () => {
    request.result.createObjectStore(records, { keyPath: 'key' });
    // Apart from the records, which are written at each change: a browser would copy the file each time.
    request.result.createObjectStore(files);
  };
  return answerTo(request);
}

function keptIn(database: IDBDatabase): KeptUploads {
  // A later version of the page in another tab must not wait for this one.
  database.onversionchange = () => database.close();

  /** Resolves when the changes are on the disk. */
  function change(stores: string[], act: (transaction: IDBTransaction) => void): Promise<void> {
    const transaction = database.transaction(stores, 'readwrite');
    act(transaction);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error ?? new Error('The browser took nothing.'));
    return promise;
  }

  return {
    async all() {
      const found = await answerTo(database.transaction(records).objectStore(records).getAll());
      const read = found.flatMap((each) => recordSchema.safeParse(each).data ?? []);
      return read.sort((a, b) => a.addedAt - b.addedAt || a.index - b.index);
    },
    put: (record) => change([records], (transaction) => transaction.objectStore(records).put(record)),
    async file({ key, name, type, lastModified }) {
      const found: unknown = await answerTo(database.transaction(files).objectStore(files).get(key));
      return found instanceof Blob ? new File([found], name, { type, lastModified }) : null;
    },
    putFile: (key, file) => change([files], (transaction) => transaction.objectStore(files).put(file, key)),
    remove: (keys) =>
      change([records, files], (transaction) => {
        for (const store of [records, files])
          for (const key of keys) transaction.objectStore(store).delete(key);
      }),
    clear: () =>
      change([records, files], (transaction) => {
        for (const store of [records, files]) transaction.objectStore(store).clear();
      }),
  };
}

function answerTo<Value>(request: IDBRequest<Value>): Promise<Value> {
  const { promise, resolve, reject } = Promise.withResolvers<Value>();
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error ?? new Error('The browser’s database did not answer.'));
  return promise;
}
