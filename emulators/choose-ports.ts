import { StartError } from '@spillway/supervisor/start-error.ts';
import getPort from 'get-port';
import type { StackOptions } from './stack-options.ts';

const host = '127.0.0.1';
const defaults = { web: 4321, firestore: 8080, pubsub: 8085, storage: 9199 } as const;

export interface StackPorts {
  web: number;
  storage: number;
  route: number;
  routeWeb: number;
  sweep: number;
  findLost: number;
  run: number;
  /** Cloud Run's Admin API. */
  runAdmin: number;
  /** Of each VM's `/health`. */
  vmHealth: number[];
  /** Where the storage server itself listens: the same port, unless a relay is before it. */
  behind: { storage: number };
  /** Null on the embedded engine, which nobody reaches by the network. */
  google: GooglePorts | null;
}

/** Of Google's emulators. */
export interface GooglePorts {
  firestore: number;
  pubsub: number;
  /** Where the emulators themselves listen: the same ports, unless relays are before them. */
  behind: { firestore: number; pubsub: number };
  /** firebase-tools' own: Firestore's websocket, hub, logging. */
  firebase: number[];
}

/** The services that relays may be before. */
export const relayedServices = ['firestore', 'pubsub', 'storage'] as const;
export type RelayedService = (typeof relayedServices)[number];

/** Free ports: the fixed ones, which must be free, then the defaults, then any. Throws `StartError`. */
export async function choosePorts(options: StackOptions): Promise<StackPorts> {
  const { fixedPorts, anyPorts, likeCloud, vms, engine } = options;
  const choose = async (name: keyof typeof defaults): Promise<number> => {
    const fixed = fixedPorts[name];
    if (fixed === undefined) return anyPorts ? anyPort() : getPort({ host, port: after(defaults[name]) });
    if ((await getPort({ host, port: fixed })) === fixed) return fixed;
    const variable = name === 'web' ? 'PORT' : `SPILLWAY_${name.toUpperCase()}_PORT`;
    throw new StartError(
      `Port ${fixed}, which ${variable} asks for, is taken. End what uses it (\`ss -ltnp sport = :${fixed}\` shows it), ` +
        `or start without ${variable}: a free port is then found.`,
    );
  };
  const behind = async (port: number) => (likeCloud ? anyPort() : port);
  const google = async (): Promise<GooglePorts> => {
    const [firestore, pubsub] = [await choose('firestore'), await choose('pubsub')];
    return {
      firestore,
      pubsub,
      behind: { firestore: await behind(firestore), pubsub: await behind(pubsub) },
      firebase: [await anyPort(), await anyPort(), await anyPort()],
    };
  };
  const storage = await choose('storage');
  return {
    google: engine === 'google' ? await google() : null,
    storage,
    behind: { storage: await behind(storage) },
    web: await choose('web'),
    route: await anyPort(),
    routeWeb: await anyPort(),
    sweep: await anyPort(),
    findLost: await anyPort(),
    run: await anyPort(),
    runAdmin: await anyPort(),
    vmHealth: await Promise.all(Array.from({ length: vms }, anyPort)),
  };
}

/** Below the range of outgoing connections, one of which could otherwise take the port before it is listened on. */
const lowest = 10_000;
const highest = 32_000;

/** Any free port. Each process searches a range of its own, so that stacks that start together do not collide. */
export function anyPort(): Promise<number> {
  return getPort({ host, port: after(lowest + Math.floor(Math.random() * (highest - lowest))) });
}

function after(port: number): number[] {
  return Array.from({ length: 50 }, (_, offset) => port + offset);
}
