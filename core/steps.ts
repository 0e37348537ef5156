/**
 * Use cases that run in real or in simulated time.
 *
 * A use case is a generator that yields what it waits for, which is the answer of a port. Production runs it with
 * `overTime` over ports that answer with promises. The simulator runs it with `begin` over ports that answer at once, or
 * with a `Thenable` that its event queue calls back when simulated time has come that far: nothing then takes a turn of
 * Node's event loop, so that an hour passes in seconds and always in the same order.
 */

/** What calls back once it has a value: a promise, or a `Pending`. */
export interface Thenable<Value> {
  then(onValue: (value: Value) => void, onError: (error: unknown) => void): unknown;
}

/** What a port answers with. */
export type Awaitable<Value> = Value | Thenable<Value>;

/** A use case under way. It yields what it waits for, and returns its result. */
export type Steps<Result> = Generator<Thenable<unknown>, Result, unknown>;

type AwaitedAll<Values extends readonly unknown[]> = {
  -readonly [Index in keyof Values]: Awaited<Values[Index]>;
};

/**
 * `await` for steps: the value, once it is there. Throws what a promise is rejected with.
 * @example const stored = yield* waitFor(jobs.get(id));
 */
export function* waitFor<Value>(value: Value): Steps<Awaited<Value>> {
  return (isThenable(value) ? yield value : value) as Awaited<Value>;
}

/**
 * `Promise.all` for steps: all the values, once the last is there. Throws what the first that failed has failed with.
 * @example const [settings, workers] = yield* waitForAll([ports.settings.routing(), ports.fleet.read()]);
 */
export function* waitForAll<const Values extends readonly unknown[]>(
  values: Values,
): Steps<AwaitedAll<Values>> {
  if (!values.some(isThenable)) return values as AwaitedAll<Values>;
  const answers: unknown[] = [...values];
  let missing = values.filter(isThenable).length;
  const all = new Pending<void>();
  // All are listened to from now on: a rejection that nobody hears would end the process.
  for (const [index, value] of values.entries()) {
    if (!isThenable(value)) continue;
    value.then(
      (answer) => {
        answers[index] = answer;
        if (--missing === 0) all.resolve();
      },
      (error) => all.reject(error),
    );
  }
  yield all;
  return answers as AwaitedAll<Values>;
}

/**
 * `waitFor`, unless one of the signals is aborted before: then its reason is thrown, and what was waited for goes on alone.
 */
export function* waitUnlessAborted<Value>(
  value: Value,
  signals: readonly AbortSignal[],
): Steps<Awaited<Value>> {
  for (const signal of signals) signal.throwIfAborted();
  if (!isThenable(value)) return value as Awaited<Value>;
  const first = new Pending<unknown>();
  const abort = ({ target }: Event) => first.reject((target as AbortSignal).reason);
  for (const signal of signals) signal.addEventListener('abort', abort);
  value.then(
    (answer) => first.resolve(answer),
    (error) => first.reject(error),
  );
  try {
    return (yield first) as Awaited<Value>;
  } finally {
    for (const signal of signals) signal.removeEventListener('abort', abort);
  }
}

/** Goes through items: visits each, one after another, and goes on when the visit has ended. */
export type Walk<Item> = (visit: (item: Item) => Steps<void>) => Steps<void>;

/** A walk through what `for await` would go through. It ends at the first visit that fails, with what that threw. */
export function walkThrough<Item>(items: Iterable<Item> | AsyncIterable<Item>): Walk<Item> {
  return Symbol.iterator in items ? walkThroughAll(items) : walkAsTheyCome(items);
}

function walkThroughAll<Item>(items: Iterable<Item>): Walk<Item> {
  return function* (visit) {
    for (const item of items) yield* visit(item);
  };
}

function walkAsTheyCome<Item>(items: AsyncIterable<Item>): Walk<Item> {
  return function* (visit) {
    const iterator = items[Symbol.asyncIterator]();
    let step = yield* waitFor(iterator.next());
    try {
      for (; !step.done; step = yield* waitFor(iterator.next())) yield* visit(step.value);
    } finally {
      if (!step.done) yield* waitFor(iterator.return?.());
    }
  };
}

/**
 * The same walk with several visits under way at a time, for items whose order does not matter. It ends when all visits
 * have. The first that fails ends it, and what that threw is thrown.
 * @param width Tells before each visit how many may be under way with it.
 * @example yield* abreast(walkThrough(jobs), () => 8)(publish);
 */
export function abreast<Item>(walk: Walk<Item>, width: () => number): Walk<Item> {
  return function* (visit) {
    const underWay = new Set<Thenable<void>>();
    let failure: { error: unknown } | null = null;
    /** Of a visit. */
    let ended = new Pending<void>();

    function* watched(item: Item): Steps<void> {
      try {
        yield* visit(item);
      } catch (error) {
        failure ??= { error };
      }
    }

    function* room(places: number): Steps<void> {
      while (underWay.size > places) {
        ended = new Pending();
        yield* waitFor(ended);
      }
    }

    function start(item: Item): void {
      const visiting = begin(watched(item));
      if (!isThenable(visiting)) return;
      underWay.add(visiting);
      const leave = () => {
        underWay.delete(visiting);
        ended.resolve();
      };
      visiting.then(leave, leave);
    }

    function throwIfFailed(): void {
      if (failure !== null) throw failure.error;
    }

    try {
      yield* walk(function* (item) {
        yield* room(width() - 1);
        throwIfFailed();
        start(item);
      });
    } finally {
      yield* room(0);
    }
    throwIfFailed();
  };
}

/** Runs a use case, and waits for what it waits for. */
export async function overTime<Result>(steps: Steps<Result>): Promise<Result> {
  return begin(steps) as Result;
}

/**
 * Runs a use case until it waits. When the awaited value is there, the use case goes on by itself. Returns the result if
 * it never waits. Throws what it throws before its first wait.
 */
export function begin<Result>(steps: Steps<Result>): Awaitable<Result> {
  const { done, value } = steps.next();
  if (done) return value;
  const end = new Pending<Result>();
  goOn(steps, value, end);
  return end;
}

/** Runs a use case that nobody waits for. What it throws ends the program, as an unhandled rejection does. */
export function launch(steps: Steps<unknown>): void {
  const end = begin(steps);
  if (isThenable(end)) end.then(ignore, rethrow);
}

function ignore(): void {}

function rethrow(error: unknown): never {
  throw error;
}

/** Goes on with steps whenever what they wait for has come. */
function goOn<Result>(steps: Steps<Result>, first: Thenable<unknown>, end: Pending<Result>): void {
  type Step = IteratorResult<Thenable<unknown>, Result>;
  const take = (resume: (answer: unknown) => Step, answer: unknown) => {
    let step: Step;
    try {
      step = resume.call(steps, answer);
    } catch (error) {
      end.reject(error);
      return;
    }
    // Not among what is caught: it calls back.
    if (step.done) end.resolve(step.value);
    else step.value.then(onValue, onError);
  };
  const onValue = (value: unknown) => take(steps.next, value);
  const onError = (error: unknown) => take(steps.throw, error);
  first.then(onValue, onError);
}

/**
 * A value that is not there yet. Unlike a promise it calls back at once when it is settled, and a rejection that nobody
 * hears is not reported. Only the first `resolve` or `reject` counts.
 */
export class Pending<Value> implements Thenable<Value> {
  #settled: { value: Value } | { error: unknown } | null = null;
  #listeners: Parameters<Thenable<Value>['then']>[] | null = null;

  resolve(value: Value): void {
    this.#settle({ value });
  }

  reject(error: unknown): void {
    this.#settle({ error });
  }

  // biome-ignore lint/suspicious/noThenProperty: It must be awaitable like a promise.
  then(onValue: (value: Value) => void, onError: (error: unknown) => void): void {
    if (this.#settled) call(this.#settled, onValue, onError);
    else if (this.#listeners) this.#listeners.push([onValue, onError]);
    else this.#listeners = [[onValue, onError]];
  }

  #settle(outcome: { value: Value } | { error: unknown }): void {
    if (this.#settled) return;
    this.#settled = outcome;
    for (const [onValue, onError] of this.#listeners ?? []) call(outcome, onValue, onError);
  }
}

function call<Value>(
  settled: { value: Value } | { error: unknown },
  onValue: (value: Value) => void,
  onError: (error: unknown) => void,
): void {
  if ('value' in settled) onValue(settled.value);
  else onError(settled.error);
}

/** Whether a value is something to wait for. */
export function isThenable<Value>(value: Awaitable<Value>): value is Thenable<Value> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
