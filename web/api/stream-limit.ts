import { ProblemError } from './problems.ts';

export interface StreamLimit {
  /** Takes a place for `owner` and returns what gives it back; throws a problem when none is left. */
  enter(owner: string, close: () => void): () => void;
  /** Ends all streams, for the end of the process. */
  closeAll(): void;
  readonly open: number;
}

/** Event streams hold memory and a connection each: bounded for one owner, and for all together. */
export function createStreamLimit(perOwner = 12, inAll = 500): StreamLimit {
  const streams = new Set<{ owner: string; close: () => void }>();
  return {
    get open() {
      return streams.size;
    },
    enter(owner, close) {
      const own = [...streams].filter((stream) => stream.owner === owner).length;
      if (own >= perOwner || streams.size >= inAll) {
        throw new ProblemError('too_many_streams', 'Close another page of this site, then reload this one.', {
          headers: { 'Retry-After': '10' },
        });
      }
      const stream = { owner, close };
      streams.add(stream);
      return () => void streams.delete(stream);
    },
    closeAll() {
      for (const { close } of [...streams]) close();
    },
  };
}
