import { erasureSchema } from '@spillway/web/api/schema.ts';
import { requestJson } from '../http/request.ts';
import type { UploadList } from '../uploads/upload-list.ts';
import { erasure, noteEnd } from './erasure.ts';

const mostWaits = 20;

/**
 * Deletes everything of this visitor: uploads under way, private links, jobs with their files, and what this browser
 * keeps. A deletion that breaks off is begun again by the same press: what was deleted stays so.
 */
export async function eraseEverything(list: UploadList): Promise<void> {
  let deleted = 0;
  erasure.value = { kind: 'running', deleted, left: null };
  await list.forgetAll();
  for (let waits = 0; ; ) {
    const reply = await requestJson('/everything', erasureSchema, { method: 'DELETE' });
    if (reply.ok) {
      deleted += reply.value.deleted;
      erasure.value = { kind: 'running', deleted, left: reply.value.left };
      if (reply.value.done) break;
      // What cannot be deleted now would be asked for without end.
      if (reply.value.deleted > 0) continue;
    }
    const { message, retryAfterMs } = reply.ok
      ? { message: 'Some things could not be deleted just now. Please try again.', retryAfterMs: null }
      : reply.failure;
    waits += 1;
    if (retryAfterMs === null || waits > mostWaits) {
      erasure.value = { kind: 'failed', message, deleted };
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, retryAfterMs));
  }
  forgetChoices();
  erasure.value = { kind: 'done' };
}

/** What the page remembers of choices, but for the look of the page. */
function forgetChoices(): void {
  try {
    noteEnd();
    for (const name of Object.keys(localStorage)) {
      if (name.startsWith('spillway-') && name !== 'spillway-theme') localStorage.removeItem(name);
    }
  } catch {
    // A browser without storage keeps nothing.
  }
}
