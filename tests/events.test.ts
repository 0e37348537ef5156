import { readEvents } from '@spillway/web/api/test-events.ts';
import { expect, inject, it } from 'vitest';
import { drawnJpeg } from './pictures.ts';
import { Visitor } from './visitor.ts';

const stack = inject('stack');

/** Follows the visitor's jobs until the one of that upload has ended. Returns the states that were told, and the last id. */
async function followUntilEnd(visitor: Visitor, upload: string, lastEventId?: string) {
  const headers: Record<string, string> = lastEventId === undefined ? {} : { 'last-event-id': lastEventId };
  const stream = readEvents(await visitor.request('/api/v1/events', { headers }));
  const told: string[] = [];
  let last = lastEventId;
  for (;;) {
    const event = await stream.next();
    if (!event) throw new Error('The stream ended before the job did.');
    if (event.event !== 'job') continue;
    told.push(`${event.data.id} ${event.data.revision}`);
    last = event.id ?? last;
    if (event.data.upload === upload && event.data.endedAt !== null) break;
  }
  await stream.leave();
  return { told, last };
}

it('event streams go on where they were cut, in the order of the database', async () => {
  const visitor = new Visitor(stack.web);
  await visitor.jobs();
  const seen: string[] = [];
  let last: string | undefined;
  for (let round = 0; round < 4; round++) {
    const upload = await visitor.upload(`round-${round}.jpg`, await drawnJpeg(60 + round));
    const { told, ...end } = await followUntilEnd(visitor, upload, last);
    seen.push(...told);
    last = end.last;
  }
  expect(seen).toHaveLength(new Set(seen).size);
  const ends = (await visitor.jobs()).map(({ id }) => seen.filter((one) => one.startsWith(id)).length);
  expect(ends).toHaveLength(4);
  expect(ends.every((count) => count > 0)).toBe(true);
});
