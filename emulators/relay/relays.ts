import { type RelayedService, relayedServices, type StackPorts } from '../choose-ports.ts';
import { Relay } from './relay.ts';

/** What tests do to the network between programs and services. Empty where no relays stand there. */
export type Relays = Partial<Record<RelayedService, Relay>>;

/** Starts a relay before each service. Programs are given the relays' addresses. */
export async function startRelays({ behind, ...ports }: StackPorts, delayMs: number): Promise<Relays> {
  const started = relayedServices.map(async (service) => {
    const relay = await Relay.start({ port: ports[service], targetPort: behind[service], delayMs });
    return [service, relay] as const;
  });
  return Object.fromEntries(await Promise.all(started));
}

export async function closeRelays(relays: Relays): Promise<void> {
  await Promise.all(Object.values(relays).map((relay) => relay.close()));
}
