import type { RelayedService, StackPorts } from '../choose-ports.ts';
import { Relay } from './relay.ts';

/** What tests do to the network between programs and services. Empty where there are no relays. */
export type Relays = Partial<Record<RelayedService, Relay>>;

/** Starts a relay before each service. Programs are given the relays' addresses. */
export async function startRelays(ports: StackPorts, delayMs: number): Promise<Relays> {
  const { storage, google, behind } = ports;
  const ways: [service: RelayedService, port: number, targetPort: number][] = [
    ['storage', storage, behind.storage],
  ];
  if (google !== null) {
    ways.push(['firestore', google.firestore, google.behind.firestore]);
    ways.push(['pubsub', google.pubsub, google.behind.pubsub]);
  }
  const started = ways.map(async ([service, port, targetPort]) => {
    return [service, await Relay.start({ port, targetPort, delayMs })] as const;
  });
  return Object.fromEntries(await Promise.all(started));
}

export async function closeRelays(relays: Relays): Promise<void> {
  await Promise.all(Object.values(relays).map((relay) => relay.close()));
}
