/**
 * Formulas of A. K. Erlang (1917) for `servers` alike under Poisson arrivals, which the engine is checked against.
 * `offered`: mean arrivals per second times mean service time in seconds.
 * Source: Cooper, "Introduction to Queueing Theory", 2nd ed., sections 3.3 and 3.4.
 */

/** Share of arrivals that find every server taken, where nobody waits (M/G/c/c): B(c) = aB(c-1) / (c + aB(c-1)). */
export function erlangB(servers: number, offered: number): number {
  let blocked = 1;
  for (let server = 1; server <= servers; server++) {
    blocked = (offered * blocked) / (server + offered * blocked);
  }
  return blocked;
}

/** Share of arrivals that wait, where everybody waits (M/M/c); 1 where the servers cannot keep up. */
export function erlangC(servers: number, offered: number): number {
  if (offered >= servers) return 1;
  const blocked = erlangB(servers, offered);
  return blocked / (1 - (offered / servers) * (1 - blocked));
}

/** Mean seconds before service begins (M/M/c), over all arrivals. */
export function erlangCWait(servers: number, offered: number, meanService: number): number {
  return (erlangC(servers, offered) * meanService) / (servers - offered);
}
