import { readFileSync } from 'node:fs';
import { describe, expect, it, test } from 'vitest';
import { without } from './check/broken-plans.ts';
import { example, other } from './check/committed-plans.ts';
import { heldAgainstRunbook, unknownMetricsIn } from './check/runbook.ts';

const markdown = readFileSync(new URL('../docs/operations.md', import.meta.url), 'utf8');

it('the runbook has an entry for every alarm, and an alarm for every entry', () => {
  expect(heldAgainstRunbook(markdown, [example, other])).toEqual([]);
});

it('the page names metrics and labels that there are', () => {
  expect(unknownMetricsIn(markdown, example)).toEqual([]);
  const wrong =
    '`spillway_colour`, `sum(spillway_job_wait_seconds)` and `metric.type = "custom.googleapis.com/spillway/colour"`';
  expect(unknownMetricsIn(wrong, example)).toEqual([
    'spillway_colour',
    'spillway_job_wait_seconds',
    'metric.type = "custom.googleapis.com/spillway/colour"',
  ]);
});

describe('a runbook that is not so is told', () => {
  const deadLetters = 'Messages are in the dead letters';

  test('an alarm without an entry', () => {
    const renamed = markdown.replace(`### ${deadLetters}`, '### Messages are somewhere');
    expect(heldAgainstRunbook(renamed, [example, other])).toEqual([
      `The alarm "${deadLetters}" has no entry in the runbook.`,
      'The runbook has "Messages are somewhere", and there is no such alarm.',
    ]);
  });

  test('an entry without an alarm', () => {
    const quiet = [example, other].map((plan) =>
      without(plan, ['google_monitoring_alert_policy', 'dead-letters']),
    );
    expect(heldAgainstRunbook(markdown, quiet)).toEqual([
      `The runbook has "${deadLetters}", and there is no such alarm.`,
    ]);
  });

  test.each([
    ['a part that is missing', '- **Over when**: ', '- **Some time**: ', 'does not say: Over when.'],
    ['another severity', '*Error*', '*Warning*', 'does not begin with *Error*.'],
  ])('%s', (_, text, replacement, finding) => {
    const [before = '', entry = ''] = markdown.split(`### ${deadLetters}\n`);
    const changed = `${before}### ${deadLetters}\n${entry.replace(text, replacement)}`;
    expect(heldAgainstRunbook(changed, [example, other])).toEqual([
      expect.stringContaining(`"${deadLetters}" in the runbook ${finding}`),
    ]);
  });

  test('no runbook at all', () => {
    expect(heldAgainstRunbook('# For an operator', [example]).length).toBeGreaterThan(15);
  });
});
