import { signal } from '@preact/signals';
import type { FileUpload, UploadPhase } from '../uploads/file-upload.ts';

/** An upload of the page, for tests: a drop of `cat.jpg` that waits to be sent unless told otherwise. */
export function sampleUpload({
  phase = { kind: 'waiting', held: false },
  uploadId = null,
  ...changes
}: Partial<Omit<FileUpload, 'phase' | 'uploadId'>> & {
  phase?: UploadPhase;
  uploadId?: string | null;
} = {}): FileUpload {
  return {
    key: 'local',
    file: new File(['12345678'], 'cat.jpg'),
    plan: { operations: ['sketch'], options: {}, batchId: 'batch', files: 1 },
    addedAt: Date.UTC(2026, 0, 1, 13),
    index: 0,
    preview: 'blob:cat',
    phase: signal(phase),
    uploadId: signal(uploadId),
    session: signal(null),
    send: async () => {},
    reset: () => {},
    cancel: () => {},
    dispose: () => {},
    ...changes,
  };
}
