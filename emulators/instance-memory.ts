import { readFile } from 'node:fs/promises';
import { bytesIn } from '@spillway/processing/folder-size.ts';
import { processTree } from '@spillway/processing/process-tree.ts';

const sampleMs = 250;

/**
 * Watches the memory of an instance as Cloud Run counts it: all its processes, and its files, because the file system
 * of a container is memory. Calls `onPassed` once with what is used, when that is more than the limit.
 * @see https://cloud.google.com/run/docs/configuring/services/memory-limits
 * @returns What ends the watching.
 */
export function watchInstanceMemory(
  { pid, folder, limitBytes }: { pid: number; folder: string; limitBytes: number },
  onPassed: (usedBytes: number) => void,
): () => void {
  let stopped = false;
  let sampling = false;
  const timer = setInterval(async () => {
    if (sampling) return;
    sampling = true;
    const used = await instanceMemory(pid, folder);
    sampling = false;
    if (stopped || used <= limitBytes) return;
    stop();
    onPassed(used);
  }, sampleMs);
  function stop(): void {
    stopped = true;
    clearInterval(timer);
  }
  return stop;
}

/** Bytes that the process tree under `pid` and the files in `folder` take. */
export async function instanceMemory(pid: number, folder: string): Promise<number> {
  const tree = await processTree(pid);
  const [files, ...shares] = await Promise.all([
    bytesIn(folder),
    ...tree.map(async (each) => (await proportionalBytes(each.pid)) ?? each.rssBytes),
  ]);
  return shares.reduce((sum, bytes) => sum + bytes, files);
}

/**
 * A process's memory with its share of pages that others use too, as control groups count each page once; null where the
 * process is gone, and on systems that do not tell.
 */
export async function proportionalBytes(pid: number): Promise<number | null> {
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '');
  const kibibytes = /^Pss:\s+(\d+) kB$/m.exec(rollup)?.[1];
  return kibibytes === undefined ? null : Number(kibibytes) * 1_024;
}
