import { messageOf, OutageError, RefusedError } from '@spillway/core/errors.ts';
import { abreast, type Steps, type Walk, waitFor } from '@spillway/core/steps.ts';
import type { PassedOverNote } from './ports/passed-over.ts';
import type { Ports } from './ports/ports.ts';

/**
 * After this number of failures in a row that no item is to blame for, the other items would fail as well.
 */
const mostInARow = 5;

/**
 * Of items that are done at the same time, this number begins, and each that goes well lets one more begin: a service that
 * does not answer is not asked for all of them.
 */
const fewAtOnce = 4;

/** The ports that passing something over needs. */
export type PassingPorts = Pick<Ports, 'passedOver' | 'log'>;

export interface GoneThrough {
  /** Items for which the action did something. */
  done: number;
  /** Items that could not be helped. */
  passedOver: number;
}

/**
 * Notes, in the log and for the admin, that nothing could be done for something. Never throws: what was to be passed
 * over must not stop others after all.
 */
export function* passOver(
  { task, item }: Omit<PassedOverNote, 'why'>,
  error: unknown,
  { passedOver, log }: PassingPorts,
): Steps<void> {
  const why = messageOf(error);
  log.error({ task, item, error }, 'Nothing could be done for an item; others go on.');
  try {
    yield* waitFor(passedOver.note({ task, item, why }));
  } catch (failure) {
    log.warn({ task, item, error: failure }, 'What was passed over could not be noted for the admin.');
  }
}

export interface Going<Item> {
  task: PassedOverNote['task'];
  /** Of an item, for the admin. */
  name: (item: Item) => string;
  ports: PassingPorts;
  /** Items that something is done for at the same time. Default: one after another. */
  atOnce?: number;
}

/**
 * Does something for each item, and goes on past those for which it fails: they are counted, and the admin sees them. Throws
 * once several in a row have met a service that does not answer, or refuses everything.
 * @param walk May fail to go on: then what it throws is thrown.
 * @param action Whether it did something.
 */
export function* goThrough<Item>(
  walk: Walk<Item>,
  { task, name, ports, atOnce = 1 }: Going<Item>,
  action: (item: Item) => Steps<boolean>,
): Steps<GoneThrough> {
  const gone = { done: 0, passedOver: 0 };
  let inARow = 0;
  let went = 0;
  const width = () => Math.min(atOnce, fewAtOnce + went);
  yield* (atOnce > 1 ? abreast(walk, width) : walk)(function* (item) {
    try {
      if (yield* action(item)) gone.done++;
      inARow = 0;
      went++;
    } catch (error) {
      gone.passedOver++;
      inARow = isOfTheService(error) ? inARow + 1 : 0;
      if (inARow >= mostInARow) throw error;
      yield* passOver({ task, item: name(item) }, error, ports);
    }
  });
  return gone;
}

/** Whether other items may fail in the same way. */
function isOfTheService(error: unknown): boolean {
  return error instanceof OutageError || (error instanceof RefusedError && error.scope === 'service');
}
