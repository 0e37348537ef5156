import { z } from 'zod';
import type { ObjectPage } from '../ports/blobs.ts';
import { objectResourceSchema } from './finalized-object.ts';

/**
 * What a request for a page of objects says. `startOffset` begins with the name itself, which `objectPage` leaves out. A
 * page token would begin behind it, but nothing says for how long one is taken.
 * @see https://cloud.google.com/storage/docs/json_api/v1/objects/list
 */
export function pageQuery(behind: string | null) {
  return {
    maxResults: 1_000,
    fields: 'items(bucket,name,generation,size,contentType,timeCreated,metadata),nextPageToken',
    ...(behind === null ? {} : { startOffset: behind }),
  };
}

const answerSchema = z.object({
  items: z.array(z.looseObject({ name: z.string() })).default([]),
  nextPageToken: z.string().optional(),
});

/**
 * Reads the answer to such a request.
 * @see https://cloud.google.com/storage/docs/json_api/v1/objects/list#response
 */
export function objectPage(answer: unknown, behind: string | null): ObjectPage {
  const { items, nextPageToken } = answerSchema.parse(answer);
  const page: ObjectPage = { objects: [], unreadable: [], next: null };
  for (const item of items) {
    if (item.name === behind) continue;
    const object = objectResourceSchema.safeParse(item);
    if (object.success) page.objects.push(object.data);
    else page.unreadable.push({ name: item.name, problem: z.prettifyError(object.error) });
  }
  return { ...page, next: nextPageToken === undefined ? null : (items.at(-1)?.name ?? null) };
}
