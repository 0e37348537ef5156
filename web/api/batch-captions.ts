import { buffer } from 'node:stream/consumers';
import { csvLine } from '@spillway/core/csv.ts';
import { captionResultSchema } from '@spillway/core/operations/caption.ts';
import type { Ports } from '@spillway/pipeline/ports/ports.ts';
import { openFile } from './batch-files.ts';
import type { NamedResult } from './batch-results.ts';
import { openAhead } from './open-ahead.ts';

/** Excel takes a file without it for one of the system's code page. */
const byteOrderMark = '\ufeff';
/** The first line of a table of captions. */
export const captionsHead = byteOrderMark + csvLine(['file', 'caption', 'model']);

export const captionFormats = ['csv', 'txt'] as const;
export type CaptionFormat = (typeof captionFormats)[number];

/** Captions that are read at the same time. */
const readAhead = 8;
/** No caption is longer. Bytes. */
export const largestCaption = 256 * 1_024;

export function isCaption({ operation, extension }: NamedResult): boolean {
  return operation === 'caption' && extension === 'json';
}

/** The sentence in a caption's file; null where it is none. */
export function captionIn(bytes: Uint8Array): string | null {
  try {
    const read = captionResultSchema
      .pick({ caption: true })
      .safeParse(JSON.parse(Buffer.from(bytes).toString()));
    return read.success ? read.data.caption : null;
  } catch {
    return null;
  }
}

/** A line of a table of captions. */
export function captionLine({ picture, result }: NamedResult, caption: string): string {
  return csvLine([picture, caption, result.model?.name ?? '']);
}

/** All captions of a batch in the order of the drop, as they are read. Those that are gone are left out. */
export async function* captionsOf(
  results: readonly NamedResult[],
  format: CaptionFormat,
  ports: Pick<Ports, 'blobs' | 'log'>,
): AsyncGenerator<string, void, undefined> {
  if (format === 'csv') yield captionsHead;
  const read = openAhead(results.filter(isCaption), readAhead, (result) => captionOf(result, ports));
  for await (const [result, caption] of read) {
    if (caption === null) continue;
    yield format === 'csv' ? captionLine(result, caption) : `${result.picture}: ${oneLine(caption)}\n`;
  }
}

async function captionOf(
  { result }: NamedResult,
  ports: Pick<Ports, 'blobs' | 'log'>,
): Promise<string | null> {
  if (result.size > largestCaption) return null;
  const file = await openFile(result, ports);
  if (file.kind !== 'opened') return null;
  try {
    return captionIn(await buffer(file.opened.stream));
  } catch (error) {
    ports.log.warn({ error, name: result.name }, 'A caption could not be read.');
    return null;
  }
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}
