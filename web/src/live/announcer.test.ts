import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createAnnouncer } from './announcer.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('says a few things as they are and sums up a burst, but not what happened once', () => {
  const announcer = createAnnouncer((topic, count) => `${count} ${topic}.`);
  announcer.say('done', 'Cat is done.');
  announcer.say('failed', 'Dog failed.');
  expect(announcer.text.value).toBe('');
  vi.advanceTimersByTime(1_000);
  expect(announcer.text.value).toBe('Cat is done. Dog failed.');
  for (let index = 0; index < 50; index += 1) announcer.say('done', `Picture ${index} is done.`);
  announcer.say('failed', 'Dog failed.');
  vi.advanceTimersByTime(1_000);
  expect(announcer.text.value).toBe('50 done. Dog failed.');
});
