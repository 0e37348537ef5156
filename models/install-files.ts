import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { openCheckpoint, readModelJson } from './blip/checkpoint.ts';
import { type DownloadedFile, defaultPauses, defaultStallMs, downloadFile } from './download.ts';
import type { ModelName } from './entries.ts';
import { sha256Of } from './file-sum.ts';
import type { FetchOptions, FetchProgress } from './install-types.ts';
import { type Installation, isNotFound, modelFolder, readInstallation, receiptPath } from './installation.ts';
import type { ManifestModel } from './manifest.ts';
import type { ModelSource } from './model-source.ts';
import { pin, readPin } from './pins.ts';

export interface InstallSteps extends Pick<FetchOptions, 'folder' | 'quantise' | 'pauses' | 'stallMs'> {
  entry: ManifestModel;
  source: ModelSource;
  /** Folder for the unfinished installation. It is kept for the next attempt if this one is cut short. */
  workFolder: string;
  signal: AbortSignal;
  report(progress: FetchProgress): void;
}

/** Fetches a model, writes its receipt and moves everything into place. The caller holds the model's lock. */
export async function installFiles(steps: InstallSteps): Promise<void> {
  const { entry, signal, workFolder } = steps;
  const base = entry.kind === 'caption' ? entry.quantisedFrom : null;
  const folder = base ? await quantised(steps, base) : await downloaded(steps, entry.name);
  signal.throwIfAborted();
  await moveIntoPlace(folder, modelFolder(steps.folder, entry.name), workFolder);
}

/** Fetches all files of the model `as`, and writes its receipt. */
async function downloaded(steps: InstallSteps, as: ModelName): Promise<string> {
  const { entry, source, signal, report, workFolder } = steps;
  const { pauses = defaultPauses, stallMs = defaultStallMs } = steps;
  const folder = await makeFolder(workFolder, 'files');
  const notesFolder = await makeFolder(workFolder, 'notes');
  const sizes = entry.files.map((file) => ({ done: 0, total: file.bytes }));
  const files: DownloadedFile[] = [];
  for (const [index, file] of entry.files.entries()) {
    const onBytes = (done: number, total: number | null): void => {
      sizes[index] = { done, total: total ?? file.bytes };
      report({ stage: 'downloading', ...sumOf(sizes) });
    };
    const pinned = await readPin(steps.folder, file);
    const download = { source, model: as, file, pin: pinned, folder, notesFolder };
    files.push(await downloadFile({ ...download, pauses, stallMs, signal, onBytes }));
  }
  if (entry.kind === 'caption') await checkCheckpoint(folder, workFolder);
  for (const [index, file] of entry.files.entries()) {
    await pin(steps.folder, file, (files[index] as DownloadedFile).sha256, source.name);
  }
  await writeReceipt(folder, { name: as, source: source.name, files });
  return folder;
}

/**
 * A checkpoint's files have no published sums, and no pins at the first download. Another answer in their place, such as
 * a network's login page, is recognised by its content. Nothing of it is kept, or the next attempt would find it again.
 */
async function checkCheckpoint(folder: string, workFolder: string): Promise<void> {
  try {
    await openCheckpoint(folder);
    for (const name of await readdir(folder))
      if (name.endsWith('.json')) await readModelJson(join(folder, name));
  } catch (error) {
    await rm(workFolder, { recursive: true, force: true });
    throw error;
  }
}

/** The first file is by far the largest, so its size alone is a good enough total. */
function sumOf(sizes: { done: number; total: number | null }[]): { done: number; total: number | null } {
  const done = sizes.reduce((bytes, size) => bytes + size.done, 0);
  const known = sizes.reduce((bytes, { total }) => bytes + (total ?? 0), 0);
  return { done, total: sizes[0]?.total == null ? null : Math.max(known, done) };
}

async function quantised(steps: InstallSteps, base: ModelName): Promise<string> {
  const { entry, source, report, workFolder } = steps;
  const checkpoint = (await installedFolder(steps.folder, base)) ?? (await downloaded(steps, base));
  // An unfinished result of an earlier attempt cannot be continued.
  await rm(join(workFolder, 'quantised'), { recursive: true, force: true });
  const folder = await makeFolder(workFolder, 'quantised');
  const total = 1_000;
  const tell = (share: number) => report({ stage: 'quantising', done: Math.round(share * total), total });
  tell(0);
  await steps.quantise(checkpoint, folder, tell);
  await writeReceipt(folder, { name: entry.name, source: source.name, files: await filesIn(folder) });
  return folder;
}

async function installedFolder(folder: string, name: ModelName): Promise<string | null> {
  const state = await readInstallation(folder, name);
  return state.kind === 'installed' ? modelFolder(folder, name) : null;
}

async function filesIn(folder: string): Promise<DownloadedFile[]> {
  // The files may include a copy of the base's receipt. This model's own receipt replaces it.
  await rm(receiptPath(folder), { force: true });
  const files: DownloadedFile[] = [];
  for (const name of (await readdir(folder)).sort()) {
    const path = join(folder, name);
    files.push({ name, bytes: (await stat(path)).size, sha256: await sha256Of(path) });
  }
  return files;
}

async function writeReceipt(folder: string, receipt: Omit<Installation, 'installedAt'>): Promise<void> {
  const installation: Installation = { ...receipt, installedAt: new Date().toISOString() };
  const handle = await open(receiptPath(folder), 'w');
  try {
    await handle.writeFile(`${JSON.stringify(installation, null, 2)}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Moves a damaged installation away first, because a folder can only replace an empty one. */
async function moveIntoPlace(from: string, to: string, workFolder: string): Promise<void> {
  try {
    await rename(to, join(workFolder, `damaged-${randomUUID()}`));
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  await rename(from, to);
  await rm(workFolder, { recursive: true, force: true });
}

async function makeFolder(parent: string, name: string): Promise<string> {
  const folder = join(parent, name);
  await mkdir(folder, { recursive: true });
  return folder;
}
