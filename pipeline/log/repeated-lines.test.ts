import { describe, expect, it } from 'vitest';
import { type Line, limitRepeats } from './repeated-lines.ts';

/** A limit with a clock that the test moves. */
function limited() {
  let now = 0;
  const written: Line[] = [];
  const timers: { at: number; action: () => void }[] = [];
  const limit = limitRepeats(
    (line) => void written.push(line),
    () => now,
    (ms, action) => void timers.push({ at: now + ms, action }),
  );
  return {
    written,
    timers,
    limit,
    say: (message: string, fields: Line['fields'] = {}, level: Line['level'] = 'warn') =>
      limit.pass({ level, fields, message }),
    pass(ms: number) {
      now += ms;
      for (const { at, action } of timers.splice(0)) {
        if (at <= now) action();
        else timers.push({ at, action });
      }
    },
  };
}

const minute = 60_000;

describe('a line that is repeated', () => {
  it('is written once a minute, with the number of those that were left out', () => {
    const { say, pass, written } = limited();
    for (let second = 0; second < 60; second++) {
      say('A pull failed.', { worker: 'vm-1' });
      pass(1_000);
    }
    expect(written).toHaveLength(2);
    expect(written.map(({ fields }) => fields.leftOut)).toEqual([undefined, 59]);
    say('A pull failed.', { worker: 'vm-1' });
    expect(written).toHaveLength(2);
    pass(minute);
    pass(minute);
    expect(written.map(({ fields }) => fields.leftOut)).toEqual([undefined, 59, 1]);
    say('A pull failed.', { worker: 'vm-1' });
    expect(written).toHaveLength(4);
  });

  it('tells the number with the next one, if that comes before anybody looked', () => {
    const { say, limit, written } = limited();
    say('A pull failed.');
    say('A pull failed.');
    limit.flush();
    expect(written.map(({ fields }) => fields)).toEqual([{}, { leftOut: 1 }]);
  });

  it.each<[string, [string, Line['fields']], [string, Line['fields']]]>([
    ['another thing', ['Late.', { jobId: 'a1' }], ['Late.', { jobId: 'a2' }]],
    ['another sentence', ['Late.', {}], ['Early.', {}]],
    [
      'another kind of error',
      ['Late.', { error: { type: 'OutageError' } }],
      ['Late.', { error: { type: 'RefusedError' } }],
    ],
  ])('is no repetition where it is about %s', (_, first, second) => {
    const { say, written } = limited();
    say(...first);
    say(...second);
    expect(written).toHaveLength(2);
  });

  it('is one though its figures, its trace and the words of its error differ', () => {
    const { say, written } = limited();
    for (const each of [1, 2, 3]) {
      say(`It ends in ${each} s.`, {
        ms: each,
        why: `It took ${each} s.`,
        'logging.googleapis.com/trace': `projects/p/traces/${each}`,
        error: { type: 'OutageError', message: `no answer within ${each} s` },
      });
    }
    expect(written).toHaveLength(1);
  });

  it('leaves no timer behind once everything is told', () => {
    const { say, pass, timers } = limited();
    say('Late.');
    say('Late.');
    expect(timers).toHaveLength(1);
    pass(minute);
    pass(minute);
    expect(timers).toEqual([]);
  });

  it('takes a bounded memory, and forgets no count', () => {
    const { say, written } = limited();
    say('Late.', { jobId: 'first' });
    say('Late.', { jobId: 'first' });
    for (let job = 0; job < 10_000; job++) say('Late.', { jobId: `job-${job}` });
    expect(written).toHaveLength(10_002);
    expect(written.filter(({ fields }) => fields.leftOut === 1)).toMatchObject([
      { fields: { jobId: 'first' } },
    ]);
    // It was forgotten, so it is written again.
    say('Late.', { jobId: 'first' });
    expect(written).toHaveLength(10_003);
  });
});
