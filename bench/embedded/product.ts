import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { anyPort } from '@spillway/emulators/choose-ports.ts';
import { baseConfigSchema } from '@spillway/pipeline/config.ts';
import { createEmbeddedPorts, type EmbeddedPorts } from '@spillway/pipeline/embedded/ports.ts';
import { silentLog } from '@spillway/pipeline/memory/ports.ts';
import { readPartsFile } from '@spillway/pipeline/parts-file.ts';
import { environmentOf, readStackFile } from '@spillway/pipeline/stack-file.ts';
import { adminAddressOf } from '@spillway/serve/admin-address.ts';
import { dataFolderAt } from '@spillway/serve/data-folder.ts';
import { machineEnvironment, buckets as servedBuckets } from '@spillway/serve/environment.ts';

/**
 * `serve`: `npx spillway serve`, one worker of four slots. `npm start`: the local stack on the embedded engine, two VMs of
 * two slots, with the pusher and the functions framework in the place of Google's.
 */
export const kinds = ['serve', 'npm start'] as const;
export type Kind = (typeof kinds)[number];

/** The product in processes of its own, with free ports and data of its own. */
export interface Product {
  kind: Kind;
  /** Of the process that starts all others. */
  pid: number;
  /** Seconds from the command until everything answers. */
  readySeconds: number;
  storage: string;
  buckets: { uploads: string; results: string };
  /** The file of the embedded engine, and the storage server's folder. */
  database: string;
  storageFolder: string;
  adminUrl: string;
  /** For looking at documents, beside the programs. */
  ports: EmbeddedPorts;
  /** Process ids of the parts as they are now, by their names. */
  parts(): Promise<Record<string, number>>;
  /** Ends everything, and removes the data unless it is kept. */
  stop(): Promise<void>;
}

export interface ProductOptions {
  /** An existing data folder, which stays. Default: a new one. */
  directory?: string;
  /** Of `serve`. Default: 4. `null`: as many as it chooses by itself. */
  slots?: number | null;
  /** More arguments for Node, for all processes. */
  nodeArguments?: string[];
}

const root = new URL('../../', import.meta.url);
const noOp = fileURLToPath(new URL('no-op', import.meta.url));
const entries = { serve: 'cli/spillway.ts', 'npm start': 'emulators/start.ts' } as const;

/** Starts the product, and resolves when it says that it is ready; rejects with its output where it does not. */
export async function startProduct(kind: Kind, options: ProductOptions = {}): Promise<Product> {
  const directory = options.directory ?? (await mkdtemp(join(tmpdir(), 'spillway-bench-')));
  const ports = { site: await anyPort(), storage: await anyPort() };
  const startedAt = performance.now();
  const child = await launch(kind, directory, ports, options);
  const readySeconds = (performance.now() - startedAt) / 1_000;
  const where = await (kind === 'serve' ? placeOfServe(directory, ports) : placeOfStack(directory));
  const adapters = await createEmbeddedPorts(baseConfigSchema.parse(where.environment), silentLog);
  const { environment: _, ...place } = where;
  return {
    kind,
    pid: child.pid ?? 0,
    readySeconds,
    ...place,
    ports: adapters,
    async stop() {
      await adapters.close();
      if (child.exitCode === null && child.signalCode === null) {
        const exited = once(child, 'exit');
        child.kill('SIGTERM');
        await exited;
      }
      if (options.directory === undefined) await rm(directory, { recursive: true, force: true });
    },
  };
}

async function launch(
  kind: Kind,
  directory: string,
  ports: { site: number; storage: number },
  { nodeArguments = [], slots = 4 }: ProductOptions,
): Promise<ChildProcess> {
  const addresses = ['--data', directory, '--port', ports.site, '--storage-port', ports.storage];
  const flags = {
    serve: ['serve', ...addresses, ...(slots === null ? [] : ['--slots', slots])],
    'npm start': ['--engine', 'embedded', '--vms', 2, '--slots', 2, '--run-max', 0],
  }[kind];
  const entry = fileURLToPath(new URL(entries[kind], root));
  const child = spawn(process.execPath, [...nodeArguments, entry, ...flags.map(String)], {
    env: {
      ...process.env,
      SPILLWAY_OPERATIONS: noOp,
      ...(kind === 'serve'
        ? {}
        : {
            PORT: String(ports.site),
            SPILLWAY_STORAGE_PORT: String(ports.storage),
            SPILLWAY_LOCAL_DIR: directory,
          }),
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  const ready = Promise.withResolvers<void>();
  child.stdout?.on('data', (data: Buffer) => {
    output += data.toString('utf8');
    if (output.includes('Spillway is ready')) ready.resolve();
  });
  child.once('exit', () => ready.reject(new Error(`It did not start.\n${output}`)));
  await ready.promise;
  return child;
}

type Place = Pick<Product, 'storage' | 'buckets' | 'database' | 'storageFolder' | 'adminUrl' | 'parts'> & {
  environment: Record<string, string>;
};

async function placeOfServe(directory: string, ports: { site: number; storage: number }): Promise<Place> {
  const folder = dataFolderAt(directory);
  const storage = `http://127.0.0.1:${ports.storage}`;
  const site = { data: directory, host: '127.0.0.1', port: ports.site, publicUrl: null };
  return {
    storage,
    buckets: servedBuckets,
    database: folder.database,
    storageFolder: folder.storage,
    adminUrl: (await adminAddressOf(site, false)).address,
    environment: machineEnvironment(folder, storage, {}),
    async parts() {
      const { parts = {} } = (await readPartsFile(folder.parts)) ?? {};
      return Object.fromEntries(
        Object.entries(parts).flatMap(([name, { pid }]) => (pid === null ? [] : [[name, pid]])),
      );
    },
  };
}

async function placeOfStack(directory: string): Promise<Place> {
  const stack = await readStackFile(directory);
  if (stack?.engine !== 'embedded') throw new Error('The stack has left no stack.json.');
  return {
    storage: stack.storage,
    buckets: stack.buckets,
    database: stack.database,
    storageFolder: join(directory, 'embedded', 'storage'),
    adminUrl: stack.adminUrl,
    environment: environmentOf(stack),
    async parts() {
      const { launcher: _, ...parts } = (await readStackFile(directory))?.pids ?? {};
      return parts;
    },
  };
}
