import type { JobView } from '@spillway/web/api/schema.ts';
import type { Reply } from '../http/request.ts';
import { loadWords } from './result-words.ts';

/** Hands the words of a job's result to the browser as a text file, named after the picture and the operation. */
export async function downloadAsText(job: JobView, pictureName: string): Promise<Reply<null>> {
  const reply = await loadWords(job);
  if (!reply.ok) return reply;
  const url = URL.createObjectURL(new Blob([`${reply.value.text}\n`], { type: 'text/plain' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = `${pictureName.replace(/\.[^.]*$/, '')}-${job.operation}.txt`;
  link.click();
  // The browser reads it after this turn.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
  return { ok: true, value: null };
}
