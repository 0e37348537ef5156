import { appendFile, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type ExportResult, ExportResultCode } from '@opentelemetry/core';
import { JsonTraceSerializer } from '@opentelemetry/otlp-transformer';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-base';

/** Bytes. */
const limits = {
  /** A file of this size is put aside as the older one, in place of the one before it. */
  file: 8 * 1_024 * 1_024,
  /** The oldest files of a folder are removed beyond this. */
  folder: 64 * 1_024 * 1_024,
};

const extension = '.jsonl';

/**
 * Writes spans into a folder that several programs share: one file for each process, `<name>.jsonl`, and the one before
 * it, `<name>.1.jsonl`. Each line is an `ExportTraceServiceRequest` in OTLP's JSON.
 * @see https://opentelemetry.io/docs/specs/otel/protocol/file-exporter/
 */
export function createFileExporter(
  folder: string,
  name: string,
  { file, folder: total } = limits,
): SpanExporter {
  const path = join(folder, `${name}${extension}`);
  const older = join(folder, `${name}.1${extension}`);
  let bytes: number | null = null;
  let last = Promise.resolve();

  async function begin(): Promise<number> {
    await mkdir(folder, { recursive: true });
    await removeOldest(folder, total);
    return stat(path).then(
      ({ size }) => size,
      () => 0,
    );
  }

  async function append(spans: ReadableSpan[]): Promise<void> {
    bytes ??= await begin();
    const request = JsonTraceSerializer.serializeRequest(spans);
    if (!request) return;
    if (bytes > 0 && bytes + request.length >= file) {
      await rename(path, older);
      await removeOldest(folder, total);
      bytes = 0;
    }
    // One write a line, so that a reader finds whole lines before the last.
    await appendFile(path, Buffer.concat([request, newline]));
    bytes += request.length + 1;
  }

  return {
    export(spans, onResult: (result: ExportResult) => void) {
      last = last
        .then(() => append(spans))
        .then(
          () => onResult({ code: ExportResultCode.SUCCESS }),
          (error: Error) => {
            // The folder may have been removed: the next batch makes it again.
            bytes = null;
            onResult({ code: ExportResultCode.FAILED, error });
          },
        );
    },
    forceFlush: () => last,
    shutdown: () => last,
  };
}

const newline = Buffer.from('\n');

/** Removes the files that were not written for the longest time, until those that stay have `most` bytes together. */
async function removeOldest(folder: string, most: number): Promise<void> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(extension));
  const files = await Promise.all(
    names.map(async (name) => {
      const path = join(folder, name);
      // Another process may have removed it.
      return stat(path).then(
        ({ size, mtimeMs }) => ({ path, size, mtimeMs }),
        () => null,
      );
    }),
  );
  let kept = 0;
  for (const each of files.filter((one) => one !== null).sort((a, b) => b.mtimeMs - a.mtimeMs)) {
    kept += each.size;
    if (kept > most) await rm(each.path, { force: true });
  }
}
