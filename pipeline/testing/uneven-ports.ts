import type { MemoryPorts } from '../memory/ports.ts';

/**
 * The same ports for one of several routers. Each call takes a different time, so that the routers' steps
 * interleave in many ways.
 */
export function unevenPorts(ports: MemoryPorts, random: () => number): MemoryPorts {
  return {
    ...ports,
    jobs: uneven(ports.jobs, random, ['create', 'get', 'replace']),
    sums: uneven(ports.sums, random, ['ledger', 'ledgerInTurn', 'batchBefore']),
    backlog: uneven(ports.backlog, random, ['heads', 'line']),
    fleet: uneven(ports.fleet, random, ['read']),
    routerStates: uneven(ports.routerStates, random, ['read']),
    queue: uneven(ports.queue, random, ['publish']),
  };
}

function uneven<Port extends object>(port: Port, random: () => number, methods: (keyof Port)[]): Port {
  const slowed = { ...port };
  for (const method of methods) {
    const original = port[method] as (...args: unknown[]) => Promise<unknown>;
    const wrapped = async (...args: unknown[]) => {
      await aWhile(random);
      const answer = await original(...args);
      await aWhile(random);
      return answer;
    };
    Object.assign(slowed, { [method]: wrapped });
  }
  return slowed;
}

async function aWhile(random: () => number): Promise<void> {
  for (let ticks = Math.floor(random() * 20); ticks > 0; ticks--) await null;
}
