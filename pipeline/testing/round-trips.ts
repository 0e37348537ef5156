import type { MemoryPorts } from '../memory/ports.ts';
import { recentReadings } from '../recent-readings.ts';

/** Calls that were under way at the same time, by name: one round trip. */
export type RoundTrip = string[];

export interface CountedPorts {
  ports: MemoryPorts;
  /** The round trips that came one after another, from the first call on. */
  roundTrips: RoundTrip[];
}

/**
 * The same ports, each call of which takes one round trip of virtual time: it has its effect at the end. Time goes on
 * when nothing but calls is waited for, so that what is counted does not depend on the machine.
 */
export function countRoundTrips(ports: MemoryPorts): CountedPorts {
  const roundTrips: RoundTrip[] = [];
  let open: { name: string; run: () => void }[] = [];
  let working = 0;

  function call<Answer>(name: string, answer: () => Answer): Promise<Awaited<Answer>> {
    const { promise, resolve, reject } = Promise.withResolvers<Awaited<Answer>>();
    const run = () => {
      working++;
      Promise.resolve(answer())
        .then(resolve, reject)
        .finally(() => {
          working--;
        });
    };
    open.push({ name, run });
    if (open.length === 1) setImmediate(endRoundTrip);
    return promise;
  }

  /** All that is asked before this is asked at the same time. An answer that reads a file is waited for. */
  function endRoundTrip(): void {
    if (working > 0) {
      setImmediate(endRoundTrip);
      return;
    }
    const ended = open;
    open = [];
    roundTrips.push(ended.map(({ name }) => name).sort());
    for (const { run } of ended) run();
  }

  function counted<Name extends Exclude<keyof MemoryPorts, 'tracing' | 'engine'>>(
    name: Name,
    methods: (keyof MemoryPorts[Name])[],
  ) {
    const port = ports[name];
    const slowed = { ...port };
    for (const method of methods) {
      const original = port[method] as (...args: unknown[]) => unknown;
      Object.assign(slowed as object, {
        [method]: (...args: unknown[]) => call(`${name}.${String(method)}`, () => original(...args)),
      });
    }
    return slowed;
  }

  const looks = {
    fleet: counted('fleet', ['read']),
    fleetSummaries: counted('fleetSummaries', ['read', 'replace']),
    routerStates: counted('routerStates', ['read']),
  };
  return {
    roundTrips,
    ports: {
      ...ports,
      ...looks,
      // It looks at settings that are kept.
      recent: recentReadings({ ...ports, ...looks }),
      jobs: counted('jobs', ['create', 'get', 'replace', 'existing', 'ofSource']),
      sums: counted('sums', ['ledger', 'ledgerInTurn', 'batchBefore']),
      backlog: counted('backlog', ['heads']),
      blobs: counted('blobs', ['download', 'writeOnce', 'removeAllBut']),
      queue: counted('queue', ['publish', 'announce', 'bury']),
      settings: counted('settings', ['routing', 'sourceRules']),
    },
  };
}
