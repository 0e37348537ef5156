import { ProblemError } from './problems.ts';

/** Who holds a stream. Admins are counted apart, so that no number of visitors keeps them out. */
export type StreamHolder = { kind: 'admin' } | { kind: 'visitor'; owner: string; address: string };

/** Why a stream is ended: the program ends, or somebody with something to hear of needs the place. */
type Reason = 'shutdown' | 'idle';

export interface StreamPlace {
  readonly kept: boolean;
  /** The stream has jobs to tell of: it is not ended for others. */
  keep(): void;
  leave(): void;
}

export interface StreamPlaces {
  /** Takes a place; throws a problem when none is left. */
  enter(holder: StreamHolder, end: (why: Reason) => void): StreamPlace;
  /** Ends all streams, for the end of the process. */
  closeAll(): void;
  readonly open: number;
}

interface Taken {
  holder: StreamHolder;
  kept: boolean;
  end(why: Reason): void;
}

/** Event streams hold memory and a connection each, and those of each visitor a watch of the database. */
const most = {
  /** Pages that one visitor has open. */
  ofOwner: 8,
  /** Visitors may share an address: an office, a school. */
  ofAddress: 250,
  ofVisitors: 500,
  ofAdmins: 250,
} as const;

/**
 * The places for event streams: bounded for one owner, for one address, and for all together. When all are taken, the
 * visitor who has waited longest without a job gives place.
 */
export function createStreamPlaces(): StreamPlaces {
  const places = new Set<Taken>();

  function makeRoom(holder: StreamHolder): void {
    if (holder.kind === 'admin') {
      if (count((other) => other.kind === 'admin') >= most.ofAdmins) throw noneLeft();
      return;
    }
    const visitors = (condition: (other: StreamHolder & { kind: 'visitor' }) => boolean) =>
      count((other) => other.kind === 'visitor' && condition(other));
    if (visitors(({ owner }) => owner === holder.owner) >= most.ofOwner) throw noneLeft();
    if (visitors(({ address }) => address === holder.address) >= most.ofAddress) throw noneLeft();
    if (visitors(() => true) < most.ofVisitors) return;
    const idle = [...places].find((place) => place.holder.kind === 'visitor' && !place.kept);
    if (!idle) throw noneLeft();
    places.delete(idle);
    idle.end('idle');
  }

  function count(condition: (holder: StreamHolder) => boolean): number {
    let found = 0;
    for (const { holder } of places) if (condition(holder)) found += 1;
    return found;
  }

  return {
    get open() {
      return places.size;
    },
    enter(holder, end) {
      makeRoom(holder);
      const place: Taken = { holder, end, kept: false };
      places.add(place);
      return {
        get kept() {
          return place.kept;
        },
        keep() {
          place.kept = true;
        },
        leave: () => void places.delete(place),
      };
    },
    closeAll() {
      for (const { end } of [...places]) end('shutdown');
    },
  };
}

function noneLeft(): ProblemError {
  return new ProblemError('too_many_streams', 'Close another page of this site, then reload this one.', {
    headers: { 'Retry-After': '10' },
  });
}
