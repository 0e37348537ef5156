import { access, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode } from '@spillway/core/errors.ts';

const metadataFile = 'firebase-export-metadata.json';
const exportName = 'firestore_export';

const current = 'current';
const previous = 'previous';
/** The whole stack has to end within 10 s, so an export that hangs must not hold it up. Milliseconds. */
const withinMs = 4_000;

/** Directory of the latest whole export, for firebase-tools' `--import`; null where there is none. */
export async function latestExport(directory: string): Promise<string | null> {
  for (const name of [current, previous]) {
    const candidate = join(directory, name);
    const whole = await access(join(candidate, metadataFile)).then(
      () => true,
      () => false,
    );
    if (whole) return candidate;
  }
  return null;
}

/**
 * Saves the content of Firestore's emulator, which keeps everything in memory. An earlier export stays until the
 * new one is whole.
 */
export async function exportFirestore(directory: string, host: string, project: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  const fresh = await mkdtemp(join(directory, 'new-'));
  try {
    await exportTo(fresh, host, project);
    await rm(join(directory, previous), { recursive: true, force: true });
    await rename(join(directory, current), join(directory, previous)).catch(ignoreMissing);
    await rename(fresh, join(directory, current));
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

async function exportTo(fresh: string, host: string, project: string): Promise<void> {
  const response = await fetch(`http://${host}/emulator/v1/projects/${project}:export`, {
    method: 'POST',
    signal: AbortSignal.timeout(withinMs),
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      database: `projects/${project}/databases/(default)`,
      export_directory: fresh,
      export_name: exportName,
    }),
  });
  if (!response.ok) throw new Error(`Firestore's emulator could not export: ${await response.text()}`);
  const names = await readdir(join(fresh, exportName));
  const overall = names.find((name) => name.endsWith('.overall_export_metadata'));
  if (!overall) throw new Error("Firestore's emulator exported nothing.");
  // The shape that firebase-tools itself writes with --export-on-exit.
  const firestore = { version: '1', path: exportName, metadata_file: `${exportName}/${overall}` };
  await writeFile(join(fresh, metadataFile), JSON.stringify({ version: '14.27.0', firestore }));
}

function ignoreMissing(error: unknown): void {
  if (!hasCode(error, 'ENOENT')) throw error;
}
