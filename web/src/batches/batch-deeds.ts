import type { Reply } from '../http/request.ts';
import { cancelJob, deleteJob, retryJob } from '../jobs/job-actions.ts';
import type { JobCache } from '../jobs/job-cache.ts';
import type { UploadList } from '../uploads/upload-list.ts';
import type { Batch, Picture, PictureResult } from './batch.ts';
import { cancelBatch, deleteBatch, retryBatch } from './batch-actions.ts';
import { hasEnded } from './result-stage.ts';

/** What a visitor can do with results, pictures and batches: on the server, and with the files that are still here. */
export interface BatchDeeds {
  retry(picture: Picture, result: PictureResult): Promise<Reply<null>>;
  cancel(picture: Picture, result: PictureResult): Promise<Reply<null>>;
  removePicture(picture: Picture): Promise<Reply<null>>;
  retryFailed(batch: Batch): Promise<Reply<null>>;
  cancelAll(batch: Batch): Promise<Reply<null>>;
  removeBatch(batch: Batch): Promise<Reply<null>>;
}

const done: Reply<null> = { ok: true, value: null };

export function createBatchDeeds(cache: JobCache, list: UploadList): BatchDeeds {
  const forget = ({ upload, results }: Picture) => {
    const ids = results.flatMap(({ runs }) => runs.map(({ id }) => id));
    cache.apply(ids.map((id) => ({ kind: 'removed', id })));
    if (upload) list.remove(upload);
  };

  const cancelUpload = ({ upload }: Picture) => {
    if (upload && ['waiting', 'sending'].includes(upload.phase.peek().kind)) upload.cancel();
  };

  return {
    async retry({ upload }, { job, stage }) {
      if (job) return retryJob(job.id);
      if (upload && stage.kind === 'upload-failed') list.retry(upload);
      return done;
    },
    async cancel(picture, { job }) {
      if (job) return cancelJob(job.id);
      cancelUpload(picture);
      return done;
    },
    async removePicture(picture) {
      for (const { id } of picture.results.flatMap(({ runs }) => runs)) {
        const reply = await deleteJob(id);
        // Another page may have been quicker.
        if (!reply.ok && reply.failure.status !== 404) return reply;
      }
      forget(picture);
      return done;
    },
    async retryFailed({ id, pictures }) {
      for (const { upload, results } of pictures) {
        const isUnsent = results.some(({ stage }) => stage.kind === 'upload-failed' && stage.retryable);
        if (upload && isUnsent) list.retry(upload);
      }
      const failed = jobsOf(pictures, ({ stage }) => stage.kind === 'failed' && stage.error.retryable);
      if (failed.length === 0) return done;
      return id === null ? each(failed, retryJob) : retryBatch(id);
    },
    async cancelAll({ id, pictures }) {
      for (const picture of pictures) cancelUpload(picture);
      const open = jobsOf(pictures, ({ stage }) => !hasEnded(stage));
      if (open.length === 0) return done;
      return id === null ? each(open, cancelJob) : cancelBatch(id);
    },
    async removeBatch({ id, pictures }) {
      for (const picture of pictures) cancelUpload(picture);
      const all = pictures.flatMap(({ results }) => results.flatMap(({ runs }) => runs));
      const reply = await (id === null || all.length === 0
        ? each(
            all.map((job) => job.id),
            deleteJob,
          )
        : deleteBatch(id));
      if (reply.ok) for (const picture of pictures) forget(picture);
      return reply;
    },
  };
}

function jobsOf(pictures: readonly Picture[], isMeant: (result: PictureResult) => boolean): string[] {
  return pictures.flatMap(({ results }) =>
    results.flatMap((result) => (result.job && isMeant(result) ? [result.job.id] : [])),
  );
}

async function each(
  ids: readonly string[],
  deed: (id: string) => Promise<Reply<null>>,
): Promise<Reply<null>> {
  for (const id of ids) {
    const reply = await deed(id);
    if (!reply.ok) return reply;
  }
  return done;
}
