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
 * Makes such a request, and reads the answer. An answer may have no name behind `behind` and say nevertheless that there
 * are more: then the request is made again with the token that it gives.
 * @param ask Makes the request, with a page token where one is given.
 * @see https://cloud.google.com/storage/docs/json_api/v1/objects/list#response
 */
export async function objectPage(
  ask: (pageToken: string | undefined) => Promise<unknown>,
  behind: string | null,
): Promise<ObjectPage> {
  for (let token: string | undefined; ; ) {
    const { items, nextPageToken } = answerSchema.parse(await ask(token));
    const listed = items.filter(({ name }) => name !== behind);
    const last = listed.at(-1);
    if (nextPageToken === undefined) return { ...objectsOf(listed), next: null };
    if (last) return { ...objectsOf(listed), next: last.name };
    token = nextPageToken;
  }
}

function objectsOf(items: { name: string }[]): Pick<ObjectPage, 'objects' | 'unreadable'> {
  const page: Pick<ObjectPage, 'objects' | 'unreadable'> = { objects: [], unreadable: [] };
  for (const item of items) {
    const object = objectResourceSchema.safeParse(item);
    if (object.success) page.objects.push(object.data);
    else page.unreadable.push({ name: item.name, problem: z.prettifyError(object.error) });
  }
  return page;
}
