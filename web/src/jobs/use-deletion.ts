import { type DeletionOfFiles, deletionSchema } from '@spillway/web/api/schema.ts';
import { useEffect, useState } from 'preact/hooks';
import { requestJson } from '../http/request.ts';

/** Asked once a page. */
let answer: Promise<DeletionOfFiles | null> | null = null;

/** What becomes of the files of a job that is deleted; null until the server has said it. */
export function useDeletion(): DeletionOfFiles | null {
  const [files, setFiles] = useState<DeletionOfFiles | null>(null);
  useEffect(() => {
    answer ??= requestJson('/deletion', deletionSchema).then((reply) =>
      reply.ok ? reply.value.files : null,
    );
    void answer.then(setFiles);
  }, []);
  return files;
}
