import { dirname } from 'node:path';
import { questions } from '@spillway/core/diagnosis/diagnosis.ts';
import { expect, inject, it } from 'vitest';
import { type Answers, runDoctor, wrongCodes } from './doctor.ts';

const directory = dirname(inject('logs'));

/** What other tests have left behind may be wrong; that the stack is set up, swept and readable does not depend on them. */
it('npx spillway doctor asks its questions of a running stack, and can look at everything', async () => {
  const { code, stdout, stderr } = await runDoctor(directory, '--json');
  expect(stderr).toBe('');
  const diagnosis: Answers = JSON.parse(stdout);
  expect(Object.keys(diagnosis.answers)).toEqual(Object.keys(questions));
  expect(diagnosis.notLookedAt).toEqual([]);
  const wrong = wrongCodes(diagnosis);
  expect([code, diagnosis.verdict]).toEqual(wrong.length === 0 ? [0, 'healthy'] : [1, 'wrong']);
  const ofTheStack = ['not_set_up', 'never_swept', 'not_swept', 'nothing_takes_work', 'operation_missing'];
  expect(wrong.filter((each) => ofTheStack.includes(each))).toEqual([]);
});
