import { join } from 'node:path';
import { anyPort } from '@spillway/emulators/choose-ports.ts';
import { cloudSdkEmulators, requireJava } from '@spillway/emulators/find-emulators.ts';
import { Supervisor } from '@spillway/supervisor/supervisor.ts';

/** The services of the local stack, without the programs. */
export interface LocalServices {
  /** `host:port` */
  firestore: string;
  pubsub: string;
  /** An address. */
  storage: string;
  stop(): Promise<void>;
}

/**
 * Starts Google's emulators of Firestore and Pub/Sub, and the local storage server, empty and on free ports.
 * @param directory For their files and logs.
 */
export async function startLocalServices(
  directory: string,
  project: string,
  say: (line: string) => void,
): Promise<LocalServices> {
  await requireJava();
  const host = '127.0.0.1';
  const [firestore, pubsub, storage] = [await anyPort(), await anyPort(), await anyPort()];
  const firebase = [await anyPort(), await anyPort(), await anyPort()];
  const supervisor = new Supervisor(join(directory, 'logs'), say, () => {});
  const inherited = Object.entries(process.env).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  const shared = { ...Object.fromEntries(inherited), SPILLWAY_PROJECT: project };
  const services = {
    firestore: `${host}:${firestore}`,
    pubsub: `${host}:${pubsub}`,
    storage: `http://${host}:${storage}`,
    stop: () => supervisor.stopAll(supervisor.names()),
  };
  try {
    await Promise.all([
      supervisor.start({
        name: 'emulators',
        entry: new URL('../../emulators/google-emulators.ts', import.meta.url),
        environment: {
          ...shared,
          ...(await cloudSdkEmulators(directory)),
          JAVA_TOOL_OPTIONS: '-Xmx512m -XX:+UseSerialGC -XX:TieredStopAtLevel=1',
          SPILLWAY_EMULATORS_DIR: join(directory, 'emulators'),
          SPILLWAY_EXPORTS_DIR: join(directory, 'exports'),
          SPILLWAY_FIRESTORE_PORT: String(firestore),
          SPILLWAY_PUBSUB_PORT: String(pubsub),
          SPILLWAY_EMULATOR_PORTS: firebase.join(','),
        },
        // They may have to be fetched.
        readyWithinMs: 300_000,
      }),
      supervisor.start({
        name: 'storage',
        entry: new URL('../../storage-server/serve.ts', import.meta.url),
        environment: {
          ...shared,
          SPILLWAY_STORAGE_PORT: String(storage),
          SPILLWAY_STORAGE_DIR: join(directory, 'storage'),
        },
      }),
    ]);
  } catch (error) {
    await services.stop();
    throw error;
  }
  return services;
}
