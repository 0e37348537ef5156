import { join } from 'node:path';
import { openDatabase } from '@spillway/pipeline/embedded/database.ts';
import { createMessages } from '@spillway/pipeline/embedded/messages.ts';
import { subscriptions } from '@spillway/pipeline/embedded/subscriptions.ts';
import { expect, it } from 'vitest';
import { emptyFolder, runCli } from './testing/run-cli.ts';

it('prints what was put aside with its reason, and forgets it when told to', async () => {
  const data = await emptyFolder();
  const database = await openDatabase(join(data, 'spillway.db'));
  const messages = createMessages(database);
  const bury = (text: string, attributes: Record<string, string>) =>
    messages.publish(subscriptions.dead, { data: text, attributes });
  await bury('event 1', { problem: 'It is of no type.\u001b[2J' });
  await bury('{"jobId":"1"}', {});
  database.close();
  const ask = (...flags: string[]) => runCli(['dead-letters', '--data', data, ...flags], data);

  const shown = await ask();
  expect(shown.code).toBe(0);
  expect(shown.lines.map((line) => line.replace(/^\S+ /, ''))).toEqual([
    'It is of no type.\\u001b[2J',
    'It was delivered too often.',
  ]);
  const { lines } = await ask('--json', '--forget');
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { data: 'event 1' },
    { data: '{"jobId":"1"}' },
  ]);
  expect(await ask()).toMatchObject({ code: 0, lines: [] });
});

it('says where there is no database, and makes none', async () => {
  const data = await emptyFolder();
  const asked = await runCli(['dead-letters', '--data', data], data);
  expect(asked).toMatchObject({ code: 2, lines: [] });
  expect(asked.stderr).toContain('There is no database of this version');
});
