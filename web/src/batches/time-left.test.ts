import type { SidePrediction } from '@spillway/core/job.ts';
import type { JobView } from '@spillway/web/api/schema.ts';
import { describe, expect, it } from 'vitest';
import { sampleJob } from '../jobs/sample-job.ts';
import type { FileUpload } from '../uploads/file-upload.ts';
import { createBatchGrouper } from './group-pictures.ts';
import { sampleUpload } from './sample-upload.ts';
import { timeLeft, timeLeftWords } from './time-left.ts';

const now = Date.UTC(2026, 0, 1, 12);

function left(jobs: JobView[], uploads: FileUpload[] = []): number | null {
  return timeLeft(createBatchGrouper()({ uploads, jobs, knownCards: new Set() }), now);
}

/** Predicted to end so many milliseconds from now; its finish has a margin of ten seconds. */
function predicted(id: string, ms: number): JobView {
  const side: SidePrediction = {
    waitMs: ms,
    deliveryMs: 0,
    serviceMs: 1_500,
    ioMs: 500,
    spreadMs: 100,
    finishMs: ms + 12_000,
    dollars: 0,
    inTime: true,
  };
  const { route } = sampleJob();
  const at = new Date(now - 2_000);
  return sampleJob({
    id,
    upload: id,
    route: { ...route, at, predicted: { vm: side, run: null, runClosed: null, budgetMs: 0 } },
  });
}

/** Ended so many milliseconds ago. */
const ended = (id: string, ms: number) =>
  sampleJob({ id, upload: id, state: 'succeeded', endedAt: new Date(now - ms) });

describe('the time left', () => {
  it('is that of the last predicted job, without its margin', () => {
    expect(left([predicted('a', 4_000), predicted('b', 9_000)])).toBe(9_000);
  });

  it('is nothing where nothing is open, and not known where nothing tells', () => {
    expect(left([ended('a', 10)])).toBe(0);
    expect(left([], [sampleUpload()])).toBeNull();
    expect(left([predicted('a', 4_000)], [sampleUpload()])).toBeNull();
  });

  it('follows the measured pace where a job has outlived its prediction, or has none', () => {
    const pace = [ended('a', 3_000), ended('b', 2_000), ended('c', 1_000)];
    expect(left([...pace, predicted('d', -5_000)])).toBe(1_000);
    expect(left(pace, [sampleUpload({ key: 'one' }), sampleUpload({ key: 'two' })])).toBe(2_000);
  });

  it('counts the pace as much as the share of results that it was measured on', () => {
    const pace = [ended('a', 3_000), ended('b', 2_000), ended('c', 1_000)];
    expect(left([...pace, predicted('d', 9_000)])).toBe(0.75 * 1_000 + 0.25 * 9_000);
  });
});

it.each([
  [0, 'a few seconds left'],
  [7_000, 'a few seconds left'],
  [21_000, 'about 20 s left'],
  [61_000, 'about 1 min left'],
  [3_540_000, 'about 59 min left'],
  [7_300_000, 'about 2 hours left'],
])('says %i ms coarsely', (ms, words) => {
  expect(timeLeftWords(ms)).toBe(words);
});
