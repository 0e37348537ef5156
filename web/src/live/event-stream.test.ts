import { eventSchemas } from '@spillway/web/api/schema.ts';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { openEventStream } from './event-stream.ts';

/** A browser's EventSource whose server is the test. */
class TestSource extends EventTarget {
  static readonly CLOSED = 2;
  static all: TestSource[] = [];
  readyState = 0;

  constructor() {
    super();
    TestSource.all.push(this);
  }
  close() {
    this.readyState = TestSource.CLOSED;
  }
  says(name: string, data?: unknown) {
    this.dispatchEvent(new MessageEvent(name, { data: JSON.stringify(data ?? null) }));
  }
}
const open = () => TestSource.all.filter(({ readyState }) => readyState !== TestSource.CLOSED);

beforeEach(() => {
  TestSource.all = [];
  vi.stubGlobal('EventSource', TestSource);
});
afterEach(() => void vi.unstubAllGlobals());

it('is not opened again after the server has ended it for want of anything to tell, until it is resumed', () => {
  const stream = openEventStream('/events', eventSchemas, {});
  TestSource.all[0]?.says('open');
  expect(stream.state.value).toBe('open');
  stream.resume();
  expect(TestSource.all).toHaveLength(1);
  TestSource.all[0]?.says('idle', {});
  expect([stream.state.value, open().length]).toEqual(['idle', 0]);
  stream.resume();
  expect([stream.state.value, open().length, TestSource.all.length]).toEqual(['connecting', 1, 2]);
  stream.close();
  expect(open()).toEqual([]);
});

it('leaves one stream open where it is resumed as soon as it is idle', () => {
  const stream = openEventStream('/events', eventSchemas, {});
  stream.state.subscribe((state) => {
    if (state === 'idle') stream.resume();
  });
  for (let minute = 1; minute <= 3; minute++) {
    open()[0]?.says('idle', {});
    expect(TestSource.all).toHaveLength(minute + 1);
    expect(open().map((source) => TestSource.all.indexOf(source))).toEqual([minute]);
  }
  expect(stream.state.value).toBe('connecting');
  stream.close();
});

it('reads events by their schemas, and passes over what cannot be read', () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
  const removed = vi.fn();
  const stream = openEventStream('/events', eventSchemas, { removed });
  TestSource.all[0]?.says('removed', { id: 'a' });
  TestSource.all[0]?.says('removed', { id: 7 });
  expect(removed.mock.calls).toEqual([[{ id: 'a' }]]);
  expect(warn).toHaveBeenCalledOnce();
  warn.mockRestore();
  stream.close();
});
