import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Target } from '@spillway/core/job.ts';
import { captionResultSchema } from '@spillway/core/operations/caption.ts';
import type { JobView } from '@spillway/web/api/schema.ts';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { Visitor } from '../visitor.ts';
import { ownStack } from './own-stack.ts';

const sample = fileURLToPath(new URL('../../web/public/samples/cat.jpg', import.meta.url));
const plugin = fileURLToPath(new URL('../../examples/thumbnail', import.meta.url));
const operations = ['sketch', 'remove-background', 'caption', 'thumbnail'];

/** Programs as they are deployed, in a place where they find nothing of the repository. */
const own = ownStack({ vms: 1, slots: 1, runMax: 1, built: true, operations: plugin });

/** A visitor uploads a picture and waits until all that it asked for has ended. */
async function mainJob(): Promise<{ visitor: Visitor; jobs: JobView[] }> {
  const visitor = new Visitor(own().stack.web);
  await visitor.request('/');
  await visitor.upload('cat.jpg', await readFile(sample), operations);
  let jobs: JobView[] = [];
  await expect
    .poll(
      async () => {
        jobs = await visitor.jobs();
        return jobs.map(({ state }) => state);
      },
      { timeout: 120_000 },
    )
    .toEqual(operations.map(() => 'succeeded'));
  return { visitor, jobs };
}

/** Repeats the main job until the router sends all of it to one side, and looks at what it came to there. */
async function expectMainJobOn(target: Target): Promise<void> {
  let done: Awaited<ReturnType<typeof mainJob>> | undefined;
  await expect
    .poll(
      async () => {
        done = await mainJob();
        return [...new Set(done.jobs.map(({ route }) => route.target))];
      },
      { timeout: 240_000 },
    )
    .toEqual([target]);
  if (!done) throw new Error('No job was done.');
  const { visitor, jobs } = done;
  const resultOf = async (operation: string) => {
    const id = jobs.find((job) => job.operation === operation)?.id;
    const response = await visitor.request(`/api/v1/jobs/${id}/result`);
    return Buffer.from(await response.arrayBuffer());
  };
  const picture = async (operation: string) => sharp(await resultOf(operation)).metadata();
  expect(await picture('sketch')).toMatchObject({ width: 1_000, height: 750, format: 'png' });
  expect(await picture('remove-background')).toMatchObject({ width: 1_000, hasAlpha: true });
  expect(await picture('thumbnail')).toMatchObject({ width: 256, height: 192 });
  const said = captionResultSchema.parse(JSON.parse((await resultOf('caption')).toString('utf8')));
  expect(said).toMatchObject({ caption: expect.stringMatching(/\w+ \w+/), model: { builtIn: true } });
}

it('an upload becomes sketch, cut-out, caption and thumbnail on a VM', async () => {
  await own().client.documents.merge('settings/routing', { run: { enabled: false } });
  await expectMainJobOn('vm');
});

it('and on Cloud Run, once the VM is gone', async () => {
  const { stack, client } = own();
  await client.documents.merge('settings/routing', { run: { enabled: true } });
  await stack.stopPart('vm-1');
  await expectMainJobOn('run');
});
