import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import { availableParallelism, totalmem } from 'node:os';
import { join } from 'node:path';
import { createAdaptorServer } from '@hono/node-server';
import { modelsFolderFrom } from '@spillway/models/settings.ts';
import { hardenServer } from '@spillway/pipeline/http/harden-server.ts';
import { createJsonLog } from '@spillway/pipeline/json-log.ts';
import { z } from 'zod';
import { anyPort } from './choose-ports.ts';
import { instanceEnvironment, service } from './instance-environment.ts';
import { InstancePool } from './instance-pool.ts';
import { serviceIdentity } from './metadata/identity.ts';
import { startMetadataServer } from './metadata/server.ts';
import { certificatesOf, createTokenSigner, tokenVerifier } from './metadata/token-signer.ts';
import { startRunAdmin } from './run-admin/server.ts';
import { type RunInstance, startInstance } from './run-instance.ts';
import { onlyInvoker } from './run-invocation.ts';
import { createRunProxy, requestTimeoutMs } from './run-proxy.ts';

/**
 * A substitute for Cloud Run in front of the push endpoint. It starts instances when requests need them, up to a
 * maximum, gives each as many requests at once as its concurrency, and ends idle ones. An instance gets Cloud Run's
 * environment and a metadata server of its own, and nothing that names it. Cloud Run's Admin API shows how the service is
 * configured here, and sets how many instances are kept started.
 */
const config = z
  .object({
    PORT: z.coerce.number(),
    SPILLWAY_PROJECT: z.string(),
    SPILLWAY_WORK_DIR: z.string(),
    /** The worker's JavaScript or TypeScript, and the folder that it is started in. */
    SPILLWAY_RUN_PROGRAM: z.string(),
    SPILLWAY_RUN_WORKDIR: z.string(),
    SPILLWAY_RUN_MAX: z.coerce.number().int().min(0),
    SPILLWAY_RUN_CONCURRENCY: z.coerce.number().int().min(1).default(1),
    /** An instance without requests is ended after this long. Milliseconds. */
    SPILLWAY_RUN_IDLE_MS: z.coerce.number().min(0).default(60_000),
    /** Whether instances stand still between requests. */
    SPILLWAY_RUN_FREEZES: z.stringbool().default(false),
    /** Limit of an instance's memory, with its files. No limit where it is not set. */
    SPILLWAY_RUN_MEMORY_MIB: z.coerce.number().min(1).optional(),
    /** The only account that may call the service. */
    SPILLWAY_RUN_INVOKER: z.email(),
    /** The service's whole name, and where the Admin API listens that shows and changes it. */
    SPILLWAY_RUN_SERVICE: z.string(),
    SPILLWAY_RUN_ADMIN_PORT: z.coerce.number(),
    /** The key that the local cloud signs tokens with. */
    SPILLWAY_TOKEN_KEY: z.string(),
  })
  .parse(process.env);

const preload = new URL('cloud-run-localhost.ts', import.meta.url).href;
const mebibyte = 1_024 * 1_024;
const folderPrefix = 'instance-';
const project = config.SPILLWAY_PROJECT;
const log = createJsonLog('cloud-run');
const signer = await createTokenSigner(config.SPILLWAY_TOKEN_KEY);
const verify = tokenVerifier(await certificatesOf(config.SPILLWAY_TOKEN_KEY));

const origin = `http://127.0.0.1:${config.PORT}`;
const configured = {
  ...process.env,
  SPILLWAY_CALLER_ACCOUNTS: config.SPILLWAY_RUN_INVOKER,
  SPILLWAY_CALL_AUDIENCES: origin,
  // The service's front, further below, verifies them.
  SPILLWAY_CALL_SIGNATURES: 'removed_by_cloud_run',
  // Whoever routes to it here is told how it is reached. An instance is not.
  SPILLWAY_RUN_URL: undefined,
  SPILLWAY_SLOTS: String(config.SPILLWAY_RUN_CONCURRENCY),
  // As a folder that is mounted into the containers.
  SPILLWAY_MODELS_DIR: modelsFolderFrom(process.env),
  SPILLWAY_MODELS_SOURCE: 'none',
};

async function start(): Promise<{ instance: RunInstance; port: number }> {
  const identity = serviceIdentity('spillway-run', project, randomUUID());
  const metadata = await startMetadataServer(identity, { project, signer, log });
  const [port, folder] = await Promise.all([anyPort(), makeFolder()]);
  const memory = config.SPILLWAY_RUN_MEMORY_MIB;
  const instance = startInstance(
    {
      // What Node was told about this process holds for its instances.
      arguments: [...process.execArgv, '--import', preload, config.SPILLWAY_RUN_PROGRAM],
      environment: instanceEnvironment(configured, { port, folder, metadataHost: metadata.host }),
      workdir: config.SPILLWAY_RUN_WORKDIR,
      port,
      folder,
      freezes: config.SPILLWAY_RUN_FREEZES,
      memoryLimitBytes: memory === undefined ? null : memory * mebibyte,
    },
    (line) => log.error({ pid: instance.pid }, line),
  );
  void instance.ended.then(() =>
    Promise.all([metadata.close(), rm(folder, { recursive: true, force: true }).catch(() => {})]),
  );
  return { instance, port };
}

async function makeFolder(): Promise<string> {
  await mkdir(config.SPILLWAY_WORK_DIR, { recursive: true });
  return mkdtemp(join(config.SPILLWAY_WORK_DIR, folderPrefix));
}

/** Removes the folders of the instances that a stand-in before this one had when it was killed. */
async function removeLeftFolders(): Promise<void> {
  const names = await readdir(config.SPILLWAY_WORK_DIR).catch(() => []);
  const left = names.filter((name) => name.startsWith(folderPrefix));
  await Promise.all(
    left.map((name) => rm(join(config.SPILLWAY_WORK_DIR, name), { recursive: true, force: true })),
  );
}

await removeLeftFolders();
const pool = new InstancePool({
  start,
  most: config.SPILLWAY_RUN_MAX,
  concurrency: config.SPILLWAY_RUN_CONCURRENCY,
  idleMs: config.SPILLWAY_RUN_IDLE_MS,
});
const admin = await startRunAdmin(
  {
    name: config.SPILLWAY_RUN_SERVICE,
    revision: {
      name: service.revision,
      createdAt: new Date(),
      // Instances share this machine.
      cpu: String(availableParallelism()),
      memory: `${config.SPILLWAY_RUN_MEMORY_MIB ?? Math.floor(totalmem() / mebibyte)}Mi`,
      concurrency: config.SPILLWAY_RUN_CONCURRENCY,
      timeoutSeconds: requestTimeoutMs / 1_000,
      maxInstances: config.SPILLWAY_RUN_MAX,
    },
    keep: (instances) => pool.keep(instances),
  },
  config.SPILLWAY_RUN_ADMIN_PORT,
);
const check = onlyInvoker(config.SPILLWAY_RUN_INVOKER, origin, verify);
const server = createAdaptorServer({ fetch: createRunProxy(pool, check).fetch }) as Server;
hardenServer(server, log);
server.listen(config.PORT, '127.0.0.1', () => process.send?.({ ready: true }));
for (const reason of ['SIGTERM', 'SIGINT', 'disconnect']) {
  process.on(reason, () => void Promise.all([pool.close(), admin.stop()]).then(() => process.exit(0)));
}
