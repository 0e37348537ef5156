import type { MemoryPorts } from '../memory/ports.ts';
import { storeClock } from '../store-clock.ts';

/** The same database, used from a machine whose clock is ahead of the database's by `aheadMs`, or behind. */
export function onMachine(ports: MemoryPorts, aheadMs: number): MemoryPorts {
  const database = ports.clock;
  const clock = storeClock({ now: () => new Date(database.now().getTime() + aheadMs) });
  /** As in the adapter of Firestore, the clock hears of every answer. */
  function heard<Port extends object>(port: Port): Port {
    const entries = Object.entries(port).map(([name, method]) => {
      const ask = method as (...parameters: unknown[]) => unknown;
      const asked = async (...parameters: unknown[]) => {
        const answer = await ask(...parameters);
        clock.answered(database.now());
        return answer;
      };
      return [name, asked];
    });
    return Object.fromEntries(entries);
  }
  return {
    ...ports,
    clock,
    jobs: heard(ports.jobs),
    backlog: heard(ports.backlog),
    fleet: { ...ports.fleet, read: heard({ read: ports.fleet.read }).read },
  };
}
