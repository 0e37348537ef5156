// @ts-check
import { defineOperation } from 'spillway/operation';
import { z } from 'zod';

/** An operation that looks at no pixel: what a job of it costs is all that is around an operation. */
export default defineOperation({
  name: 'no-op',
  words: {
    label: 'Nothing',
    description: 'Does nothing with a picture.',
    activity: 'Doing nothing',
    result: 'Nothing',
  },
  icon: 'M3.5 4.5h13v11h-13z',
  accepts: ['jpeg', 'png'],
  produces: { kind: 'text' },
  options: z.strictObject({}),
  model: null,
  objectiveMs: { interactive: 2_000 },
  priorServiceMs: { fixed: 10, perMegapixel: 0 },
  implementation: new URL('implementation.js', import.meta.url),
});
