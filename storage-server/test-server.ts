import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Bucket, Storage } from '@google-cloud/storage';
import { onTestFinished } from 'vitest';
import { type StorageServer, type StorageServerOptions, startStorageServer } from './server.ts';

export interface TestServer {
  server: StorageServer;
  storage: Storage;
  /** An empty bucket, `test-bucket`. */
  bucket: Bucket;
  dataDir: string;
  /** Ends the server and starts another on the same folder, with the same options except those given. */
  restart(options?: Partial<StorageServerOptions>): Promise<TestServer>;
}

/** The real client. By default it does not retry, so that a test sees each answer. It needs no credentials. */
export const clientOf = (server: { url: string }, autoRetry = false): Storage =>
  new Storage({
    apiEndpoint: server.url,
    projectId: 'test-project',
    // Seconds. With less than one, the client throws at its first request.
    retryOptions: { autoRetry, maxRetryDelay: 1 },
  });

/** Starts a server on a port that the system chooses and a folder of its own, both gone when the test ends. */
export async function startTestServer(options: Partial<StorageServerOptions> = {}): Promise<TestServer> {
  const dataDir = await mkdtemp(join(tmpdir(), 'storage-server-'));
  onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
  const started = await startOn(dataDir, options);
  await started.storage.createBucket('test-bucket');
  return started;
}

async function startOn(dataDir: string, options: Partial<StorageServerOptions>): Promise<TestServer> {
  const server = await startStorageServer({ dataDir, ...options });
  onTestFinished(() => server.close());
  const storage = clientOf(server);
  return {
    server,
    storage,
    bucket: storage.bucket('test-bucket'),
    dataDir,
    async restart(changed = {}) {
      await server.close();
      return startOn(dataDir, { ...options, ...changed });
    },
  };
}

/** Bytes that look random and are the same every time. */
export function bytes(length: number): Buffer {
  const buffer = Buffer.alloc(length);
  let state = 1;
  for (let at = 0; at < length; at++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    buffer[at] = state >>> 24;
  }
  return buffer;
}
