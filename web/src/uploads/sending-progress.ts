import type { FileUpload } from './file-upload.ts';

/** How far the files of this page are on their way. */
export interface SendingProgress {
  files: number;
  /** Files whose last byte is in. */
  arrived: number;
  /** Files that are neither in nor given up. */
  open: number;
  /** Open files that would be lost if the page were closed now. */
  unsafe: number;
}

export function sendingProgress(uploads: readonly FileUpload[], safe: ReadonlySet<string>): SendingProgress {
  const progress = { files: 0, arrived: 0, open: 0, unsafe: 0 };
  for (const { key, phase } of uploads) {
    const { kind } = phase.value;
    switch (kind) {
      case 'refused':
      case 'cancelled':
        continue;
      case 'sent':
        progress.arrived += 1;
        break;
      case 'waiting':
      case 'sending':
      case 'failed':
        progress.open += 1;
        if (!safe.has(key)) progress.unsafe += 1;
        break;
      default:
        kind satisfies never;
    }
    progress.files += 1;
  }
  return progress;
}

/** Whether the page may be closed, as a sentence; null while nothing was sent. */
export function closingWords(
  { files, arrived, open, unsafe }: SendingProgress,
  isWorking: boolean,
): string | null {
  if (files === 0) return null;
  if (open === 0) {
    return isWorking ? 'Safe to close: everything is in, and the work goes on without this page.' : null;
  }
  const state = `${arrived} of ${files === 1 ? '1 file' : `${files} files`} in.`;
  return unsafe === 0
    ? `${state} If you close this page, the rest goes on when you open it again.`
    : `${state} Please keep this page open until everything is in.`;
}
