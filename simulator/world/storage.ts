import type { AttemptFolders } from '@spillway/pipeline/attempt-folders.ts';
import type { Blobs } from '@spillway/pipeline/ports/blobs.ts';
import type { SimulatedJob } from '../jobs.ts';

/** Cloud Storage and the workers' disks. Everything goes well, and takes no time beyond the service time. */
export class Storage {
  /** What was downloaded, by its path. */
  readonly #files = new Map<string, SimulatedJob>();
  readonly blobs: Blobs;
  readonly folders: AttemptFolders;

  /** @param jobs By the generation of their pictures. */
  constructor(jobs: readonly SimulatedJob[]) {
    const written = { bucket: '', name: '', generation: '', crc32c: '', size: 0, adopted: false };
    const blobs: Pick<Blobs, 'download' | 'writeOnce' | 'removeAllBut'> = {
      download: ({ generation }, path) => {
        this.#files.set(path, jobs[Number(generation)] as SimulatedJob);
        return { kind: 'downloaded', crc32c: '', size: 0 };
      },
      writeOnce: () => written,
      removeAllBut() {},
    };
    // No use case that is simulated asks for more.
    this.blobs = blobs as Blobs;
    this.folders = {
      pathOf: (name) => name,
      make() {},
      isThere: () => true,
      checksum: () => '',
      remove() {},
    };
  }

  /** The picture in a file, which its reader takes away. */
  take(path: string): SimulatedJob {
    const drawn = this.#files.get(path);
    if (!drawn) throw new Error(`There is no file ${path}.`);
    this.#files.delete(path);
    return drawn;
  }
}
