import { mixedBurst } from '@spillway/bench/mixed-burst.ts';
import { expect, it } from 'vitest';

it('100 sketches and 20 captions at once all end, none twice, and no breaker opens', async () => {
  const { opened, ...burst } = await mixedBurst();
  console.log(JSON.stringify(burst));
  expect(burst).toMatchObject({ jobs: 120, succeeded: 120, attemptsAgain: 0 });
  expect(opened).toEqual([]);
});
