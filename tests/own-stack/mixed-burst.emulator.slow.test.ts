import { mixedBurst } from '@spillway/bench/mixed-burst.ts';
import { expect, it } from 'vitest';

it('100 sketches and 20 captions at once all end with one result each, and no failure opens a breaker', async () => {
  const burst = await mixedBurst();
  // `npm run bench -- pipeline --like-cloud` prints the same. How long things took is the machine's, and so is whether a
  // claim could be renewed in time and its job had to be attempted again.
  console.log(JSON.stringify(burst));
  expect(burst).toMatchObject({ jobs: 120, succeeded: 120, receipts: 120 });
  expect(burst.opened.filter((why) => /failed/.test(why))).toEqual([]);
});
