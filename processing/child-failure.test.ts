import { expect, it } from 'vitest';
import { failureOutcome } from './child-failure.ts';

const circular = new Error('round and round');
circular.cause = new Error('inside', { cause: circular });
const text = Object.assign(new Error('no text'), { message: 5 });

it.each<[string, unknown]>([
  ['nothing', undefined],
  ['null', null],
  ['a string', 'no more'],
  ['a symbol', Symbol('no more')],
  ['a number', 7],
  ['an object without a text', Object.create(null)],
  ['an error that is its own cause', circular],
  ['an error whose message is no text', text],
  ['a list of errors', new AggregateError([new Error('a'), new Error('b')], 'both')],
])('an operation that throws %s has failed for an unforeseen reason, with a signature', (_, thrown) => {
  const outcome = failureOutcome(thrown);
  expect(outcome).toMatchObject({
    kind: 'unexpected',
    signature: expect.stringMatching(/^[0-9a-f]{16}$/),
    detail: expect.any(String),
  });
  expect(failureOutcome(thrown)).toEqual(outcome);
});

it('says of a failure what it was and what it came from', () => {
  const { detail } = failureOutcome(new Error('outside', { cause: new TypeError('inside') })) as {
    detail: string;
  };
  expect(detail).toMatch(/Error: outside.*TypeError: inside/s);
});
