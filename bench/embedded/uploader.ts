import { Agent, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

/** A storage server, and its bucket for integrators. */
export interface UploadPlace {
  storage: string;
  buckets: { uploads: string };
}

/** Puts objects into the bucket of integrators as any client of Cloud Storage may. It takes little processor time. */
export interface Uploader {
  /**
   * Resolves once the object is stored. Where the server is away it goes on trying, which makes no second
   * object: it asks for an object that is not there yet.
   */
  upload(name: string, bytes: Buffer): Promise<void>;
  close(): void;
}

const pauseMs = 100;
const preconditionFailed = 412;

export function createUploader({ storage, buckets }: UploadPlace): Uploader {
  const agent = new Agent({ keepAlive: true });
  const { hostname, port } = new URL(storage);
  const path = `/upload/storage/v1/b/${buckets.uploads}/o?uploadType=media&ifGenerationMatch=0&name=`;

  function send(name: string, bytes: Buffer): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const headers = { 'content-type': 'image/jpeg', 'content-length': bytes.length };
    const options = { agent, hostname, port, method: 'POST', headers };
    const sent = request({ ...options, path: path + encodeURIComponent(name) }, (answer) => {
      answer.resume();
      answer.once('end', () => resolve(answer.statusCode ?? 0));
      answer.once('error', reject);
    });
    sent.once('error', reject);
    sent.end(bytes);
    return promise;
  }

  return {
    async upload(name, bytes) {
      for (;;) {
        const status = await send(name, bytes).catch(() => 0);
        // Refused, as there is one already: an earlier try whose answer was lost.
        if (status === 200 || status === preconditionFailed) return;
        if (status >= 400 && status < 500) throw new Error(`The upload of ${name} was answered ${status}.`);
        await delay(pauseMs);
      }
    },
    close: () => agent.destroy(),
  };
}
