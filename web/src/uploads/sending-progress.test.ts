import { expect, it } from 'vitest';
import { sampleUpload } from '../batches/sample-upload.ts';
import { closingWords, sendingProgress } from './sending-progress.ts';

const sent = sampleUpload({ key: 'sent', phase: { kind: 'sent' } });
const sending = sampleUpload({ key: 'sending', phase: { kind: 'sending', sent: 1, interrupted: false } });
const given = sampleUpload({ key: 'given up', phase: { kind: 'cancelled' } });

it('counts what is in, what is under way, and what would be lost', () => {
  expect(sendingProgress([sent, sending, given], new Set())).toEqual({
    files: 2,
    arrived: 1,
    open: 1,
    unsafe: 1,
  });
  expect(sendingProgress([sent, sending], new Set(['sending'])).unsafe).toBe(0);
});

it('says when the page may be closed', () => {
  const words = (uploads = [sent, sending], safe: string[] = [], isWorking = true) =>
    closingWords(sendingProgress(uploads, new Set(safe)), isWorking);
  expect(words([])).toBeNull();
  expect(words()).toBe('1 of 2 files in. Please keep this page open until everything is in.');
  expect(words([sent, sending], ['sending'])).toBe(
    '1 of 2 files in. If you close this page, the rest goes on when you open it again.',
  );
  expect(words([sent])).toBe('Safe to close: everything is in, and the work goes on without this page.');
  expect(words([sent], [], false)).toBeNull();
});
