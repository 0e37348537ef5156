import { createBrowser, createTestApi } from '@spillway/web/api/test-client.ts';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { stageOf } from '../batches/result-stage.ts';
import { steadyLine } from './sample-line.ts';
import { TakingRequest } from './sample-request.ts';
import { createUploadList, type UploadList } from './upload-list.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const plan = (files: number) => ({
  operations: ['sketch' as const],
  options: {},
  batchId: crypto.randomUUID(),
  files,
});
const kindsOf = (list: UploadList) => {
  const groups = Map.groupBy(list.uploads.value, ({ phase }) => phase.value.kind);
  return Object.fromEntries([...groups].map(([kind, group]) => [kind, group.length]));
};
/** Until nothing moves without the clock. */
const settle = async () => {
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
};

it('sends a drop of 500 files without a pause, and a larger one by itself, as fast as the server takes it', async () => {
  const site = createTestApi();
  const answers: number[] = [];
  const browser = createBrowser(site);
  await browser.owner();
  vi.stubGlobal('XMLHttpRequest', TakingRequest);
  vi.stubGlobal('fetch', async (path: string, init: RequestInit) => {
    const response = await browser.request(path, init);
    answers.push(response.status);
    return response;
  });
  const list = createUploadList(undefined, steadyLine);
  const files = Array.from({ length: 520 }, (_, index) => new File(['bytes'], `${index}.jpg`));
  list.add(files, plan(files.length));
  await expect.poll(() => answers.includes(429)).toBeTruthy();
  await settle();

  expect(kindsOf(list)).toEqual({ sent: 500, waiting: 20 });
  const held = list.uploads.value.filter(({ phase }) => {
    const now = phase.value;
    return now.kind === 'waiting' && now.held;
  });
  expect(held).toHaveLength(3);
  const [upload] = held;
  if (!upload) throw new Error('No upload is held.');
  expect(stageOf(upload, null)).toEqual({ kind: 'waiting', what: 'held' });

  for (let second = 0; second < 30; second++) {
    site.clock.advance(1_000);
    await vi.advanceTimersByTimeAsync(1_500);
    await settle();
  }

  expect(kindsOf(list)).toEqual({ sent: 520 });
  // The lanes that wait ask again only when they were told to.
  expect(answers.filter((status) => status === 429).length).toBeLessThanOrEqual(60);
  for (const each of list.uploads.value) each.dispose();
});

it('is cancelled while it waits for the server', async () => {
  vi.stubGlobal('fetch', async () => new Response('', { status: 429, headers: { 'retry-after': '30' } }));
  const list = createUploadList(undefined, steadyLine);
  list.add([new File(['bytes'], 'a.jpg')], plan(1));
  const [upload] = list.uploads.value;
  await expect.poll(() => upload?.phase.value.kind === 'waiting' && upload.phase.value.held).toBeTruthy();
  upload?.cancel();
  await settle();
  expect(upload?.phase.value).toEqual({ kind: 'cancelled' });
  expect(vi.getTimerCount()).toBe(0);
  upload?.dispose();
});

it('gives up on a server that stays down, and says so', async () => {
  let asked = 0;
  vi.stubGlobal('fetch', async () => {
    asked += 1;
    return new Response('', { status: 503, headers: { 'retry-after': '5' } });
  });
  const list = createUploadList(undefined, steadyLine);
  list.add([new File(['bytes'], 'a.jpg')], plan(1));
  for (let round = 0; round < 8; round++) {
    await settle();
    await vi.advanceTimersByTimeAsync(6_000);
  }
  expect(asked).toBe(6);
  expect(list.uploads.value[0]?.phase.value).toMatchObject({
    kind: 'failed',
    message: expect.stringMatching(/^The upload could not start\. /),
  });
  list.uploads.value[0]?.dispose();
});
