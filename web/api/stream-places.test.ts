import { expect, test, vi } from 'vitest';
import { createStreamPlaces, type StreamHolder } from './stream-places.ts';

const visitor = (number: number, address = `198.51.100.${number % 200}`): StreamHolder => ({
  kind: 'visitor',
  owner: `owner ${number}`,
  address,
});
const refused = expect.objectContaining({ code: 'too_many_streams' });

function refusalOf(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  return null;
}

test('one address has 250, however many owners it makes up', () => {
  const places = createStreamPlaces();
  const enter = (number: number) => places.enter(visitor(number, '203.0.113.9'), () => {});
  const taken = Array.from({ length: 250 }, (_, number) => enter(number));
  expect(refusalOf(() => enter(250))).toEqual(refused);
  places.enter(visitor(251), () => {});
  taken[0]?.leave();
  enter(102);
});

test('visitors do not take the places of admins, nor admins those of visitors', () => {
  const places = createStreamPlaces();
  for (let number = 0; number < 500; number++) places.enter(visitor(number), () => {}).keep();
  expect(refusalOf(() => places.enter(visitor(500), () => {}))).toEqual(refused);
  for (let number = 0; number < 250; number++) places.enter({ kind: 'admin' }, () => {});
  expect(refusalOf(() => places.enter({ kind: 'admin' }, () => {}))).toEqual(refused);
  expect(places.open).toBe(750);
});

test('when all places are taken, the longest idle one goes, and none with jobs', () => {
  const places = createStreamPlaces();
  const ended = Array.from({ length: 500 }, () => vi.fn());
  const taken = ended.map((end, number) => places.enter(visitor(number), end));
  for (const place of taken.slice(0, 250)) place.keep();
  places.enter(visitor(500), () => {});
  expect(ended.flatMap((end, number) => (end.mock.calls.length > 0 ? [number] : []))).toEqual([250]);
  expect(ended[250]).toHaveBeenCalledExactlyOnceWith('idle');
  expect(places.open).toBe(500);
});

test('all are ended together', () => {
  const places = createStreamPlaces();
  const end = vi.fn();
  places.enter(visitor(1), end);
  places.enter({ kind: 'admin' }, end);
  places.closeAll();
  expect(end.mock.calls).toEqual([['shutdown'], ['shutdown']]);
});
