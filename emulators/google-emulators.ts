import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { descendants, signalAll } from '@spillway/supervisor/processes.ts';
import { z } from 'zod';
import { latestExport } from './firestore-export.ts';

/**
 * Runs Google's Firestore and Pub/Sub emulators through firebase-tools, in a process of its own. A killed
 * firebase-tools leaves its Java processes behind, so this process ends them when the launcher is gone.
 */
const config = z
  .object({
    SPILLWAY_PROJECT: z.string(),
    SPILLWAY_EMULATORS_DIR: z.string(),
    SPILLWAY_FIRESTORE_PORT: z.coerce.number(),
    SPILLWAY_PUBSUB_PORT: z.coerce.number(),
    SPILLWAY_EMULATOR_PORTS: z.string().transform((ports) => ports.split(',').map(Number)),
    /** The folder of Firestore's exports. Firestore starts with the latest. */
    SPILLWAY_EXPORTS_DIR: z.string(),
  })
  .parse(process.env);

const host = '127.0.0.1';
const pollMs = 40;
/** The other parts write to Firestore for this long after the launcher is gone. */
const lastWordsMs = 2_500;
const politelyMs = 2_000;

let firebase: ChildProcess | null = null;
process.on('SIGTERM', () => void endAll());
process.on('SIGINT', () => void endAll());
process.on('disconnect', () => void delay(lastWordsMs).then(endAll));

firebase = await startFirebase();
await Promise.race([
  Promise.all([config.SPILLWAY_FIRESTORE_PORT, config.SPILLWAY_PUBSUB_PORT].map(answers)),
  once(firebase, 'exit').then(([code]) => {
    process.stderr.write(`firebase-tools ended with code ${code}.\n`);
    process.exit(1);
  }),
]);
// The launcher may be gone already, so this process ends too.
if (process.connected) process.send?.({ ready: true, pids: descendants(process.pid) });

async function startFirebase(): Promise<ChildProcess> {
  const [websocketPort, hubPort, loggingPort] = config.SPILLWAY_EMULATOR_PORTS;
  const directory = config.SPILLWAY_EMULATORS_DIR;
  await mkdir(directory, { recursive: true });
  const emulators = {
    firestore: { host, port: config.SPILLWAY_FIRESTORE_PORT, websocketPort },
    pubsub: { host, port: config.SPILLWAY_PUBSUB_PORT },
    hub: { host, port: hubPort },
    logging: { host, port: loggingPort },
    ui: { enabled: false },
  };
  const file = join(directory, 'firebase.json');
  await writeFile(file, JSON.stringify({ emulators }));
  const entry = createRequire(import.meta.url).resolve('firebase-tools/lib/bin/firebase.js');
  const args = [entry, 'emulators:start', '--only', 'firestore,pubsub', '--config', file];
  args.push('--project', config.SPILLWAY_PROJECT);
  const latest = await latestExport(config.SPILLWAY_EXPORTS_DIR);
  if (latest) args.push('--import', latest);
  return spawn(process.execPath, args, { cwd: directory, stdio: ['ignore', 'inherit', 'inherit'] });
}

async function answers(port: number): Promise<void> {
  for (;;) {
    const response = await fetch(`http://${host}:${port}/`).catch(() => null);
    if (response?.ok) return;
    await delay(pollMs);
  }
}

async function endAll(): Promise<void> {
  const pids = descendants(process.pid);
  signalAll(pids, 'SIGTERM');
  const ended = firebase && firebase.exitCode === null ? once(firebase, 'exit') : Promise.resolve();
  await Promise.race([ended, delay(politelyMs)]);
  signalAll(pids, 'SIGKILL');
  process.exit(0);
}
