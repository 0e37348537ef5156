import { expect, it } from 'vitest';
import { objectPage } from './object-page.ts';

const item = (name: string) => ({
  bucket: 'uploads',
  name,
  generation: '1',
  size: '7',
  timeCreated: '2026-07-01T12:00:00.000Z',
});

/** Answers to requests, one after another. Tells with which tokens they were asked for. */
function answering(...answers: object[]) {
  const tokens: (string | undefined)[] = [];
  return {
    tokens,
    ask: async (token: string | undefined) => {
      tokens.push(token);
      return answers[tokens.length - 1];
    },
  };
}

it('a page without a name behind the last one is no end while the store says that there are more', async () => {
  const { ask, tokens } = answering(
    { items: [item('b')], nextPageToken: 'more' },
    { nextPageToken: 'still more' },
    { items: [item('c'), item('d')], nextPageToken: 'and more' },
  );
  const page = await objectPage(ask, 'b');
  expect([page.objects.map(({ name }) => name), page.next]).toEqual([['c', 'd'], 'd']);
  expect(tokens).toEqual([undefined, 'more', 'still more']);
});

it('the last page has no next one', async () => {
  expect((await objectPage(answering({ items: [item('b'), item('c')] }).ask, 'b')).next).toBeNull();
  expect(await objectPage(answering({}).ask, 'c')).toEqual({ objects: [], unreadable: [], next: null });
});
