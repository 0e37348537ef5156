import { expect, it } from 'vitest';
import { sampleJob } from '../jobs/sample-job.ts';
import { filtersIn, parseSearch, searchOf } from './explorer-address.ts';
import { countWords, routeWords, whatMatters } from './job-row-words.ts';

it('keeps an address as it is, wrong words included', () => {
  const { view, parameters } = parseSearch('?view=causes&state=lost&cursor=1.2.x&name=a%20b');
  expect(view).toBe('causes');
  expect(searchOf(filtersIn(parameters), view)).toBe('?state=lost&name=a+b&view=causes');
  expect(parseSearch('?view=nothing').parameters.get('view')).toBe('nothing');
  expect(searchOf(new Map())).toBe('');
});

const side = (finishMs: number) => ({
  waitMs: 0,
  deliveryMs: 0,
  serviceMs: finishMs,
  ioMs: 0,
  spreadMs: 0,
  finishMs,
  dollars: 0,
  inTime: false,
});

it('says first what the decision compared, and the error of what has failed', () => {
  const job = sampleJob({});
  const predicted = { vm: side(12_000), run: side(15_000), runClosed: null, budgetMs: -1_000 };
  const route = { ...job.route, reason: 'vm_sooner' as const, predicted };
  expect(routeWords(route)).toMatch(/^VM 12 s, Cloud Run 15 s, 1\.0 s late already: /);
  const closed = { ...predicted, vm: null, runClosed: 'paused' as const, budgetMs: 6_000 };
  expect(routeWords({ ...route, predicted: closed })).toMatch(/^VM none, Cloud Run paused, 6\.0 s left: /);
  const error = { code: 'corrupt_image' as const, message: 'Its data ends too early.', retryable: false };
  expect(whatMatters({ ...job, state: 'failed', error, route })).toBe('Its data ends too early.');
});

it.each([
  [{ jobs: 1_204, exact: 'exactly' }, '1,204'],
  [{ jobs: 100_000, exact: 'more_than' }, 'more than 100,000'],
  [{ jobs: 12, exact: 'at_most' }, 'at most 12'],
] as const)('says of %o how sure the number is', (count, words) => {
  expect(countWords(count)).toBe(words);
});
