import { type ReadonlySignal, signal } from '@preact/signals';
import { createFileUpload, type FileUpload, type UploadPlan } from './file-upload.ts';
import type { KeptUpload } from './kept-uploads.ts';
import { createLanes } from './lanes.ts';
import { type Line, pageLine } from './line.ts';
import { type FoundUpload, noKeeper, type UploadKeeper } from './upload-keeper.ts';

/** Files sent at the same time. */
const sendsAtOnce = 3;

export interface UploadList {
  readonly uploads: ReadonlySignal<readonly FileUpload[]>;
  /** Uploads of an earlier visit, or of a tab that has ended, that go on here. */
  readonly resumed: ReadonlySignal<readonly FileUpload[]>;
  /** Uploads of an earlier visit whose files the browser could not keep: they go on when they are picked again. */
  readonly missing: ReadonlySignal<readonly KeptUpload[]>;
  /** Keys of the uploads that go on after this page was closed. */
  readonly safe: ReadonlySignal<ReadonlySet<string>>;
  add(files: File[], plan: UploadPlan): void;
  retry(upload: FileUpload): void;
  remove(upload: FileUpload): void;
  /** Gives up the uploads whose files are missing. */
  dropMissing(): void;
  /** Gives up all uploads, those of other tabs too, and ends their sessions. */
  forgetAll(): Promise<void>;
}

/** The files a person has picked on this page, and their sending. */
export function createUploadList(
  opening: Promise<UploadKeeper> = Promise.resolve(noKeeper),
  line: Line = pageLine(),
): UploadList {
  const uploads = signal<readonly FileUpload[]>([]);
  const resumed = signal<readonly FileUpload[]>([]);
  const missing = signal<readonly KeptUpload[]>([]);
  const safe = signal<ReadonlySet<string>>(new Set());
  /** How many files of a batch have been added, and when the first one was. */
  const batches = new Map<string, { files: number; addedAt: number }>();
  const inLane = createLanes(sendsAtOnce);

  let keeper = noKeeper;
  const opened = opening.then((now) => {
    keeper = now;
    keeper.safe.subscribe((keys) => {
      safe.value = keys;
    });
    keeper.onCleared(giveUpAll);
    for (const upload of uploads.peek()) keeper.keep(upload);
    return keeper.takeOver(goOn);
  });

  function giveUpAll(): void {
    for (const upload of uploads.peek()) {
      upload.cancel();
      upload.dispose();
    }
    uploads.value = [];
    resumed.value = [];
    missing.value = [];
  }

  function start(added: readonly FileUpload[]): void {
    if (added.length === 0) return;
    uploads.value = [...uploads.value, ...added];
    for (const upload of added) {
      keeper.keep(upload);
      void inLane(() => upload.send());
    }
  }

  function goOn(found: FoundUpload[]): void {
    const added = found.flatMap(({ record, file }) => (file ? [uploadOf(record, file)] : []));
    missing.value = [...missing.value, ...found.flatMap(({ record, file }) => (file ? [] : [record]))];
    resumed.value = [...resumed.value, ...added];
    start(added);
  }

  const uploadOf = (record: KeptUpload, file: File) => createFileUpload(file, record.plan, record, line);

  /** The upload that a picked file belongs to, if it is one that was missing its file. */
  function missed(file: File): FileUpload | null {
    const record = missing.peek().find((each) => isSame(each, file));
    if (!record) return null;
    missing.value = missing.peek().filter((each) => each !== record);
    return uploadOf(record, file);
  }

  function newUpload(file: File, plan: UploadPlan): FileUpload {
    const { files, addedAt } = batches.get(plan.batchId) ?? { files: 0, addedAt: Date.now() };
    batches.set(plan.batchId, { files: files + 1, addedAt });
    return createFileUpload(file, plan, { addedAt, index: files }, line);
  }

  function retry(upload: FileUpload): void {
    upload.reset();
    void inLane(() => upload.send());
  }

  line.state.subscribe((now) => {
    if (now === 'down') return;
    for (const upload of uploads.peek()) {
      const phase = upload.phase.peek();
      if (phase.kind === 'failed' && phase.passing) retry(upload);
    }
  });

  return {
    uploads,
    resumed,
    missing,
    safe,
    retry,
    add(files, plan) {
      start(files.map((file) => missed(file) ?? newUpload(file, plan)));
    },
    remove(upload) {
      upload.cancel();
      upload.dispose();
      uploads.value = uploads.value.filter((other) => other !== upload);
    },
    dropMissing() {
      const keys = missing.peek().map(({ key }) => key);
      missing.value = [];
      void keeper.forget(keys);
    },
    async forgetAll() {
      await opened;
      const sessions = [
        ...uploads.peek().map(({ session }) => session.peek()),
        ...missing.peek().map(({ session }) => session),
      ];
      giveUpAll();
      await keeper.clear();
      const urls = sessions.flatMap((session) => session?.sessionUrl ?? []);
      // A session that cannot be ended ends by itself after a week, and nobody sees what it has.
      await Promise.allSettled(urls.map((url) => fetch(url, { method: 'DELETE' })));
    },
  };
}

function isSame(record: KeptUpload, { name, size, lastModified }: File): boolean {
  return record.name === name && record.size === size && record.lastModified === lastModified;
}
