import { access, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Firestore's emulator keeps everything in memory. Its content is exported now and then and at the end, and
 * imported by firebase-tools at the next start.
 */
export interface FirestoreExports {
  /** Directory for `--import`, or an empty string where there is nothing to import. */
  latest(): Promise<string>;
  /** Exports all; an earlier export stays until the new one is complete. */
  export(): Promise<void>;
}

const metadataFile = 'firebase-export-metadata.json';

export function firestoreExports(directory: string, host: string, project: string): FirestoreExports {
  const current = join(directory, 'current');
  const previous = join(directory, 'previous');
  let counter = 0;

  return {
    async latest() {
      for (const candidate of [current, previous]) {
        const whole = await access(join(candidate, metadataFile)).then(
          () => true,
          () => false,
        );
        if (whole) return candidate;
      }
      return '';
    },
    async export() {
      const fresh = join(directory, `new-${process.pid}-${counter++}`);
      await mkdir(fresh, { recursive: true });
      const response = await fetch(`http://${host}/emulator/v1/projects/${project}:export`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          database: `projects/${project}/databases/(default)`,
          export_directory: fresh,
          export_name: 'firestore_export',
        }),
      });
      if (!response.ok) throw new Error(`Firestore's emulator could not export: ${await response.text()}`);
      const [overall] = (await readdir(join(fresh, 'firestore_export'))).filter((name) =>
        name.endsWith('.overall_export_metadata'),
      );
      if (!overall) throw new Error("Firestore's emulator exported nothing.");
      // The shape that firebase-tools itself writes with --export-on-exit.
      const firestore = {
        version: '1',
        path: 'firestore_export',
        metadata_file: `firestore_export/${overall}`,
      };
      await writeFile(join(fresh, metadataFile), JSON.stringify({ version: '14.27.0', firestore }));
      await rm(previous, { recursive: true, force: true });
      await rename(current, previous).catch(() => {});
      await rename(fresh, current);
    },
  };
}
