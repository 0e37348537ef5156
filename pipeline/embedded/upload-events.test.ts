import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { silentLog } from '../memory/ports.ts';
import { openDatabase } from './database.ts';
import { createMessages } from './messages.ts';
import { subscriptions } from './subscriptions.ts';
import { startUploadEvents } from './upload-events.ts';

async function publisher() {
  const directory = mkdtempSync(join(tmpdir(), 'upload-events-'));
  const path = join(directory, 'spillway.db');
  const database = await openDatabase(path);
  onTestFinished(() => {
    database.close();
    rmSync(directory, { recursive: true });
  });
  const messages = createMessages(database);
  const tell = (name: string) =>
    messages.publish(subscriptions.uploads, {
      data: JSON.stringify({ name }),
      attributes: { eventType: 'OBJECT_FINALIZE' },
    });
  const left = () => messages.firstDueAt(subscriptions.uploads);
  return { path, tell, left };
}

const nameOf = (body: unknown) => (body as { name: string }).name;

it('hands on each event, several at a time, and once more what could not be handled', async () => {
  const { path, tell, left } = await publisher();
  const handled: string[] = [];
  let [now, most, failures] = [0, 0, 1];
  const events = await startUploadEvents(path, {
    atOnce: 3,
    log: silentLog,
    async handle({ headers, body }) {
      expect(headers).toMatchObject({ eventtype: 'OBJECT_FINALIZE' });
      most = Math.max(most, ++now);
      await new Promise((resolve) => setTimeout(resolve));
      now--;
      if (nameOf(body) === '3' && failures-- > 0) throw new Error('The database is away.');
      handled.push(nameOf(body));
    },
  });
  onTestFinished(() => events.stop());
  const names = Array.from({ length: 8 }, (_, index) => String(index));
  for (const name of names) await tell(name);
  await expect.poll(left).toBeNull();
  expect(handled.toSorted()).toEqual(names);
  expect(most).toBeLessThanOrEqual(3);
});

it('stops once what it has taken is handled, and leaves the rest', async () => {
  const { path, tell, left } = await publisher();
  const begun = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const handled: string[] = [];
  const events = await startUploadEvents(path, {
    atOnce: 1,
    log: silentLog,
    async handle({ body }) {
      begun.resolve();
      await release.promise;
      handled.push(nameOf(body));
    },
  });
  await tell('a');
  await tell('b');
  await begun.promise;
  const stopped = events.stop();
  release.resolve();
  await stopped;
  expect(handled).toEqual(['a']);
  expect(await left()).not.toBeNull();
});
