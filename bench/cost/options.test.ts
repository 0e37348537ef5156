import { ScenarioError } from '@spillway/simulator/scenario.ts';
import { expect, it } from 'vitest';
import { readOptions } from './options.ts';

it('reads what is asked', () => {
  const options = readOptions([
    '--jobs-per-day',
    '1e4',
    '--mix',
    'sketch=0.6, caption=0.4',
    '--vms',
    '3',
    '--json',
  ]);
  expect(options).toMatchObject({
    jobsPerDay: 10_000,
    vms: 3,
    json: true,
    region: 'us-central1',
    tracesSampled: 1,
    scenario: { jobs: { mix: { sketch: 0.6, caption: 0.4 } } },
  });
  expect(readOptions(['--break-even'])).toMatchObject({ breakEvenOnly: true });
  expect(readOptions(['--per-job'])).toMatchObject({ perJobOnly: true });
  expect(readOptions(['--help'])).toBeNull();
});

it.each([
  [[], /^Say how many jobs a day has/],
  [['--jobs-per-day', '0'], /takes a number from 1 to 5,000,000, and not "0"\.$/],
  [['--jobs-per-day', 'many'], /and not "many"\.$/],
  [['--jobs-per-day', ''], /and not ""\.$/],
  [['--jobs-per-day', '10', '--mix', 'sketch=0.6'], /add up to 0\.6, and not to 1\.$/],
  [['--jobs-per-day', '10', '--mix', 'paint=1'], /no operation by "paint"/],
  [['--jobs-per-day', '10', '--mix', ''], /no operation by ""/],
  [['--jobs-per-day', '10', '--mix', 'sketch=0.5,sketch=0.5'], /twice/],
  [['--jobs-per-day', '10', '--mix', 'sketch=-1'], /--mix: sketch takes a number/],
  [['--jobs-per-day', '10', '--mix', 'sketch=1=1'], /where a share like sketch=0\.5 belongs/],
  [['--jobs-per-day', '10', '--region', 'moon-west1'], /none for "moon-west1"\.$/],
  [['--jobs-per-day', '10', '--vms', '1.5'], /whole number/],
  [['--jobs-per-day', '10', '--traces-sampled', '2'], /from 0 to 1, and not "2"\.$/],
  [['--jobs-a-day', '10'], /^Unknown option '--jobs-a-day'\.?$/],
  [['10'], /^Unexpected argument '10'\./],
] as const)('refuses %j in one sentence', (argv, words) => {
  expect(() => readOptions([...argv])).toThrow(words);
  try {
    readOptions([...argv]);
  } catch (error) {
    expect((error as Error).message).not.toContain('\n');
  }
});

it('refuses a scenario that is not there', () => {
  expect(() => readOptions(['--jobs-per-day', '10', '--scenario', '/no/such.json'])).toThrow(ScenarioError);
});
