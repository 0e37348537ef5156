import { OutageError } from '@spillway/core/errors.ts';
import { createMemoryPorts } from '@spillway/pipeline/memory/ports.ts';
import { expect, it, onTestFinished } from 'vitest';
import { createGate } from './gate.ts';

const { log } = createMemoryPorts();
const away = new OutageError('Cloud Run answered 503.');

/** A gate whose questions are answered by the test. */
function gate() {
  const pauses: boolean[] = [];
  const questions: PromiseWithResolvers<void>[] = [];
  const ask = () => {
    const question = Promise.withResolvers<void>();
    questions.push(question);
    return question.promise;
  };
  const pause = (paused: boolean) => void pauses.push(paused);
  const made = createGate({ pause }, ask, log, { firstMs: 1, mostMs: 4 });
  onTestFinished(made.stop);
  return { ...made, pauses, questions };
}

it('lets nothing through after a failure, until Cloud Run says that it takes pictures', async () => {
  const { failed, pauses, questions } = gate();
  failed(away);
  expect(pauses).toEqual([true]);
  await expect.poll(() => questions.length).toBe(1);
  questions[0]?.reject(away);
  await expect.poll(() => questions.length).toBe(2);
  expect(pauses).toEqual([true]);
  questions[1]?.resolve();
  await expect.poll(() => pauses).toEqual([true, false]);
});

it('is not shut twice by what was under way together', () => {
  const { failed, pauses } = gate();
  for (let picture = 0; picture < 5; picture++) failed(away);
  expect(pauses).toEqual([true]);
});

it('opens at once when a picture that was under way is answered', async () => {
  const { failed, answered, pauses, questions } = gate();
  failed(away);
  await expect.poll(() => questions.length).toBe(1);
  answered();
  expect(pauses).toEqual([true, false]);
  questions[0]?.resolve();
  answered();
  expect(pauses).toEqual([true, false]);
});

it('asks no more once it is stopped', async () => {
  const { failed, stop, questions } = gate();
  failed(away);
  await expect.poll(() => questions.length).toBe(1);
  questions[0]?.reject(away);
  await stop();
  expect(questions.length).toBeLessThanOrEqual(2);
});
