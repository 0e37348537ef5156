import { setTimeout } from 'node:timers/promises';
import { describe, expect, expectTypeOf, it } from 'vitest';
import {
  type Awaitable,
  abreast,
  begin,
  launch,
  overTime,
  Pending,
  type Steps,
  waitFor,
  waitForAll,
  walkThrough,
} from './steps.ts';

/** Asks a port twice, and adds up. */
function* addUp(port: (name: string) => Awaitable<number>): Steps<number> {
  const one = yield* waitFor(port('one'));
  const two = yield* waitFor(port('two'));
  return one + two;
}

const failure = new Error('The port failed.');
const ignore = () => {};

describe('a use case over time', () => {
  it('waits for promises, one after the other', async () => {
    const asked: string[] = [];
    const sum = await overTime(
      addUp(async (name) => {
        asked.push(`asked for ${name}`);
        await setTimeout(1);
        asked.push(`answered ${name}`);
        return 2;
      }),
    );
    expect(sum).toBe(4);
    expect(asked).toEqual(['asked for one', 'answered one', 'asked for two', 'answered two']);
  });

  it('fails as its port does, whether that throws or rejects', async () => {
    await expect(overTime(addUp(() => Promise.reject(failure)))).rejects.toBe(failure);
    const throwing = () => {
      throw failure;
    };
    await expect(overTime(addUp(throwing))).rejects.toBe(failure);
  });

  it('can catch what a port fails with, and does what is to be done finally', async () => {
    const done: string[] = [];
    function* careful(): Steps<string> {
      try {
        yield* waitFor(Promise.reject(failure));
        return 'not reached';
      } catch (error) {
        return `caught: ${(error as Error).message}`;
      } finally {
        yield* waitFor(Promise.resolve());
        done.push('cleaned up');
      }
    }
    expect(await overTime(careful())).toBe('caught: The port failed.');
    expect(done).toEqual(['cleaned up']);
  });

  it('waits for a use case that it began, in its background', async () => {
    const order: string[] = [];
    function* background(): Steps<string> {
      order.push('begun');
      yield* waitFor(Promise.resolve());
      order.push('ended');
      return 'result';
    }
    function* whole(): Steps<string> {
      const under = begin(background());
      order.push('beside');
      return yield* waitFor(under);
    }
    expect(await overTime(whole())).toBe('result');
    expect(order).toEqual(['begun', 'beside', 'ended']);
  });
});

describe('a use case that is begun', () => {
  it('has ended at once where its ports answer at once', () => {
    expect(begin(addUp(() => 2))).toBe(4);
    expect(() =>
      begin(
        addUp(() => {
          throw failure;
        }),
      ),
    ).toThrow(failure);
  });

  it('goes on at the moment at which an answer comes', () => {
    const answers = { one: new Pending<number>(), two: new Pending<number>() };
    const ended: unknown[] = [];
    const sum = begin(addUp((name) => answers[name as 'one' | 'two']));
    (sum as Pending<number>).then(
      (value) => ended.push(value),
      (error) => ended.push(error),
    );
    answers.one.resolve(2);
    expect(ended).toEqual([]);
    answers.two.resolve(3);
    answers.two.resolve(4);
    expect(ended).toEqual([5]);
  });

  it('fails at the moment at which an answer does', () => {
    const answer = new Pending<number>();
    const ended: unknown[] = [];
    (begin(addUp(() => answer)) as Pending<number>).then(
      (value) => ended.push(value),
      (error) => ended.push(error),
    );
    answer.reject(failure);
    expect(ended).toEqual([failure]);
  });

  it('never goes on where its answer never comes, as in a machine that died', () => {
    const order: string[] = [];
    function* dying(): Steps<void> {
      try {
        yield* waitFor(new Pending<void>());
      } finally {
        order.push('cleaned up');
      }
    }
    begin(dying());
    expect(order).toEqual([]);
  });
});

describe('a use case that is launched', () => {
  it('throws where its answer comes, even if others wait there', () => {
    const answer = new Pending<number>();
    function* inner(): Steps<void> {
      yield* waitFor(answer);
      throw failure;
    }
    function* outer(): Steps<void> {
      yield* waitFor(begin(inner()));
    }
    launch(outer());
    expect(() => answer.resolve(1)).toThrow(failure);
  });
});

describe('waiting for all', () => {
  it('gives all answers in their places, once the last is there', async () => {
    const steps = waitForAll([1, Promise.resolve('two'), begin(addUp(() => Promise.resolve(1.5)))]);
    const answers = await overTime(steps);
    expect(answers).toEqual([1, 'two', 3]);
    expectTypeOf(answers).toEqualTypeOf<[1, string, number]>();
  });

  it('waits for the last also where the first is there already', () => {
    const [first, last] = [new Pending<number>(), new Pending<number>()];
    first.resolve(1);
    const answers: unknown[] = [];
    const all = begin(waitForAll([first, last])) as Pending<[number, number]>;
    all.then((both) => answers.push(both), ignore);
    expect(answers).toEqual([]);
    last.resolve(2);
    expect(answers).toEqual([[1, 2]]);
  });

  it('fails with the first failure, and lets no other go unheard', async () => {
    const late = setTimeout(2).then(() => Promise.reject(new Error('Later.')));
    await expect(overTime(waitForAll([late, Promise.reject(failure)]))).rejects.toBe(failure);
    await expect(late).rejects.toThrow('Later.');
  });

  it('takes no time where nothing has to be waited for', () => {
    expect(begin(waitForAll([1, 'two']))).toEqual([1, 'two']);
  });
});

describe('a walk', () => {
  /** Numbers that come over time, and whether their source was closed. */
  function coming() {
    const source = { closed: false };
    async function* numbers() {
      try {
        for (const number of [1, 2, 3]) yield await setTimeout(1, number);
      } finally {
        source.closed = true;
      }
    }
    return { source, numbers: numbers() };
  }

  function* visiting(visited: number[], number: number): Steps<void> {
    yield* waitFor(Promise.resolve());
    if (visited.length === 2) throw failure;
    visited.push(number);
  }

  it('visits each item, and goes on when the visit has ended', async () => {
    const visited: number[] = [];
    await overTime(walkThrough(new Set([1, 2]))((number) => visiting(visited, number)));
    expect(visited).toEqual([1, 2]);
  });

  it('visits what comes over time, and closes its source once a visit fails', async () => {
    const visited: number[] = [];
    const { source, numbers } = coming();
    const walk = walkThrough(numbers);
    await expect(overTime(walk((number) => visiting(visited, number)))).rejects.toBe(failure);
    expect([visited, source.closed]).toEqual([[1, 2], true]);
  });
});

describe('a walk abreast', () => {
  const items = [1, 2, 3, 4, 5, 6];

  /** Visits that end when they are told to. */
  function visits() {
    const open = new Map<number, Pending<void>>();
    const begun: number[] = [];
    function* visit(item: number): Steps<void> {
      begun.push(item);
      const end = new Pending<void>();
      open.set(item, end);
      yield* waitFor(end);
      open.delete(item);
    }
    return { begun, visit, open, end: (item: number) => open.get(item)?.resolve() };
  }

  it('has so many visits under way, and ends when all have ended', async () => {
    const { begun, visit, end } = visits();
    let ended = false;
    const walk = overTime(abreast(walkThrough(items), () => 2)(visit)).then(() => {
      ended = true;
    });
    expect(begun).toEqual([1, 2]);
    end(2);
    expect(begun).toEqual([1, 2, 3]);
    for (const item of [1, 3, 4, 5]) end(item);
    await Promise.resolve();
    expect([begun, ended]).toEqual([items, false]);
    end(6);
    await walk;
  });

  it('asks before each visit how many may be under way', async () => {
    const { begun, visit, end } = visits();
    let width = 1;
    const walk = overTime(abreast(walkThrough(items), () => width)(visit));
    expect(begun).toEqual([1]);
    width = 3;
    end(1);
    expect(begun).toEqual([1, 2, 3, 4]);
    for (const item of items) end(item);
    await walk;
  });

  it('begins no visit after one that failed, and throws what that threw when the others have ended', async () => {
    const { begun, visit, open, end } = visits();
    const walk = overTime(abreast(walkThrough(items), () => 2)(visit));
    open.get(1)?.reject(new Error('No answer.'));
    let failed: unknown = null;
    const heard = walk.catch((error: unknown) => {
      failed = error;
    });
    await Promise.resolve();
    expect([begun, failed]).toEqual([[1, 2], null]);
    end(2);
    await heard;
    expect(failed).toEqual(new Error('No answer.'));
  });

  it('of visits that do not wait is the walk itself', () => {
    const seen: number[] = [];
    const walk = abreast(walkThrough(items), () => 2);
    begin(
      walk(function* (item) {
        seen.push(yield* waitFor(item));
      }),
    );
    expect(seen).toEqual(items);
  });
});
