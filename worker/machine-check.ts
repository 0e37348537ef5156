import { type FileHandle, mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { MachineError } from '@spillway/core/errors.ts';
import { lackSentence, machineErrorOf } from '@spillway/core/machine-lack.ts';
import type { Processor } from '@spillway/processing/processor.ts';

/** A disk with less than this left is full. */
const leastBytes = 8 * 1024 * 1024;
/** A job's result may be as large as its source, and both are on the disk. */
const sourceAndResult = 2;
const chunkBytes = 1024 * 1024;
/** Files that the jobs of a worker hold open at once, and connections beside them. */
const handles = 32;

/**
 * Tries what jobs need of this machine: writes to its disk and reads that back, opens files, starts a child. Leaves
 * nothing behind.
 * @param wantedBytes Size of the source that found no room before; 0 where there was none.
 * @throws MachineError with what the machine lacks.
 */
export async function checkMachine(
  workDir: string,
  wantedBytes: number,
  processor: Pick<Processor, 'tryStart'>,
): Promise<void> {
  const path = join(workDir, `machine-check-${process.pid}`);
  try {
    await mkdir(workDir, { recursive: true });
    await writeAndRead(path, Math.max(leastBytes, sourceAndResult * wantedBytes));
    await openMany(path);
  } catch (error) {
    // No stranger's data is involved, so every failure is the machine's.
    const known = machineErrorOf(error);
    throw known ?? new MachineError('writable_disk', lackSentence('writable_disk'), { cause: error });
  } finally {
    await rm(path, { force: true }).catch(() => {});
  }
  await processor.tryStart();
}

async function writeAndRead(path: string, bytes: number): Promise<void> {
  const file = await open(path, 'w+');
  try {
    for (let at = 0; at < bytes; at += chunkBytes) await writeWhole(file, chunkOf(at), at);
    // Some systems report only here that there is no room.
    await file.sync();
    const read = Buffer.alloc(chunkBytes);
    for (let at = 0; at < bytes; at += chunkBytes) {
      const { bytesRead } = await file.read(read, 0, chunkBytes, at);
      if (bytesRead < chunkBytes || !read.equals(chunkOf(at))) {
        throw new MachineError('disk', 'The disk did not give back what was written to it.');
      }
    }
  } finally {
    await file.close();
  }
}

/** A write may stop short where the room ends, and only the next one fails. */
async function writeWhole(file: FileHandle, chunk: Buffer, at: number): Promise<void> {
  for (let done = 0; done < chunk.length; ) {
    const { bytesWritten } = await file.write(chunk, done, chunk.length - done, at + done);
    done += bytesWritten;
  }
}

/** The content depends on the position, so that a chunk at a wrong one is noticed. */
function chunkOf(at: number): Buffer {
  return Buffer.alloc(chunkBytes, `spillway ${at} `);
}

async function openMany(path: string): Promise<void> {
  const opened = await Promise.allSettled(Array.from({ length: handles }, () => open(path)));
  const files = opened.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  await Promise.all(files.map((file) => file.close()));
  const failed = opened.find((one) => one.status === 'rejected');
  if (failed) throw failed.reason;
}
