import { expect, it } from 'vitest';
import { sampleJob } from './sample-job.ts';
import { activityOf, movedWords, operationLabel, resultOf, stateLabel, withCommand } from './words.ts';

it('words operations, unknown ones too', () => {
  expect(activityOf('caption')).toBe('Describing');
  expect(activityOf('toString')).toBe('Working');
  expect(resultOf('remove-background', 'cat.jpg')).toBe('Cut-out of cat.jpg');
  expect(resultOf('', 'cat.jpg')).toBe('No operation of cat.jpg');
  expect(operationLabel('remove-background')).toBe('Remove background');
});

it('says in place of the activity how far the model is', () => {
  const progress = { kind: 'downloading_model', model: 'u2netp', share: 0.426 } as const;
  const job = sampleJob({ operation: 'remove-background', state: 'processing' });
  expect(stateLabel(job)).toBe('Cutting out');
  expect(stateLabel({ ...job, progress })).toBe('Model, 43 %');
});

it.each([
  ['The picture is damaged.', null, ''],
  [
    'It is not installed. Install it with: npx spillway models fetch u2net',
    'npx spillway models fetch u2net',
    '',
  ],
  ['Run npx spillway models fetch u2netp.', 'npx spillway models fetch u2netp', '.'],
  ['Run `npx spillway models verify` first.', 'npx spillway models verify', ' first.'],
  ['Run npx spillway models list. It names all.', 'npx spillway models list', '. It names all.'],
  ['npx spillways are something else', null, ''],
])('finds the command in "%s"', (text, command, after) => {
  const found = withCommand(text);
  expect(found).toMatchObject({ command, after });
  expect(text.startsWith(found.before)).toBe(true);
});

it('says that a job was moved, and where to', () => {
  const { route } = sampleJob();
  expect(movedWords(route)).toBeNull();
  expect(movedWords({ ...route, target: 'run', movedFrom: 'vm', epoch: 1 })).toBe('moved to Cloud Run');
  expect(movedWords({ ...route, epoch: 1 })).toBe('queued again');
  expect(movedWords({ ...route, movedFrom: 'run', epoch: 2 })).toBe(
    'moved to VM pool, queued 3 times in all',
  );
});
