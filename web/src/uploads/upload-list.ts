import { type ReadonlySignal, signal } from '@preact/signals';
import { createFileUpload, type FileUpload, type UploadPlan } from './file-upload.ts';
import { createLanes } from './lanes.ts';

/** Files sent at the same time. */
const sendsAtOnce = 3;

export interface UploadList {
  readonly uploads: ReadonlySignal<readonly FileUpload[]>;
  add(files: File[], plan: UploadPlan): void;
  retry(upload: FileUpload): void;
  remove(upload: FileUpload): void;
}

/** The files a person has picked on this page, and their sending. */
export function createUploadList(): UploadList {
  const uploads = signal<readonly FileUpload[]>([]);
  const inLane = createLanes(sendsAtOnce);
  const start = (upload: FileUpload) => void inLane(() => upload.send());
  return {
    uploads,
    add(files, plan) {
      const addedAt = Date.now();
      const added = files.map((file, index) => createFileUpload(file, plan, { addedAt, index }));
      uploads.value = [...uploads.value, ...added];
      for (const upload of added) start(upload);
    },
    retry(upload) {
      upload.reset();
      start(upload);
    },
    remove(upload) {
      upload.cancel();
      upload.dispose();
      uploads.value = uploads.value.filter((other) => other !== upload);
    },
  };
}
