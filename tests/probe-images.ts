import { deepStrictEqual } from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { formatBytes } from '@spillway/core/amounts.ts';
import { anyPort } from '@spillway/emulators/choose-ports.ts';
import { type Stack, startStack } from '@spillway/emulators/stack.ts';
import { environmentOf } from '@spillway/pipeline/stack-file.ts';
import { requireWithin } from '@spillway/release/build.ts';
import { programs } from '@spillway/release/programs.ts';
import { type Container, docker, imageBytes, startContainer } from './docker.ts';
import { Visitor } from './visitor.ts';

/**
 * `npm run probe:images`: builds every image from what `npm run build` wrote, starts it with a read-only root file
 * system against the local stack, and probes it. An upload to the site's image is worked on by the VM worker's; nothing
 * else of Spillway takes part but the functions. The Cloud Run worker's image is probed for its health. Needs Docker on
 * Linux.
 */
const root = fileURLToPath(new URL('..', import.meta.url));
const sample = join(root, 'web/public/samples/cat.jpg');
const targets = ['vm-worker', 'cloudrun-worker', 'site'] as const;
type ImageTarget = (typeof targets)[number];
/** Debian, Node and npm, unpacked. Bytes. */
const largestBase = 300 * 1_024 * 1_024;
/** Only ends what hangs. Milliseconds. */
const patienceMs = 120_000;
const operations = ['sketch', 'remove-background', 'caption'];

const imageOf = (target: ImageTarget) => `spillway-${target}:probe`;

/** The environment of each image beside that, with the address that it is then reached at. */
async function placesIn(
  stack: Stack,
): Promise<Record<ImageTarget, { address: string; more: Record<string, string> }>> {
  const [vm, run, site] = await Promise.all([anyPort(), anyPort(), anyPort()]);
  const address = (port: number) => `http://127.0.0.1:${port}`;
  return {
    'vm-worker': {
      address: address(vm),
      more: {
        SPILLWAY_HEALTH_PORT: String(vm),
        GCE_METADATA_HOST: stack.metadataHosts['vm-1'] ?? '',
        // As VMs have it: no child starts without its sandbox.
        SPILLWAY_SANDBOX: 'required',
      },
    },
    'cloudrun-worker': {
      address: address(run),
      more: {
        PORT: String(run),
        METADATA_SERVER_DETECTION: 'none',
        SPILLWAY_CALLER_ACCOUNTS: 'pusher@demo-spillway.iam.gserviceaccount.com',
        SPILLWAY_CALL_AUDIENCES: address(run),
      },
    },
    site: {
      address: address(site),
      more: {
        PORT: String(site),
        GCE_METADATA_HOST: stack.metadataHosts.web ?? '',
        SPILLWAY_SESSION_SECRET: 'of an image that is probed, and of nothing else',
        SPILLWAY_ADMIN_TOKEN: 'of an image that is probed',
        SPILLWAY_PUBLIC_URL: address(site),
        SPILLWAY_STORAGE_ORIGIN: stack.storage,
      },
    },
  };
}

async function until(what: string, condition: () => Promise<boolean>): Promise<void> {
  const end = AbortSignal.timeout(patienceMs);
  while (!(await condition().catch(() => false))) {
    if (end.aborted) throw new Error(`${what} did not come within ${patienceMs / 1_000} s.`);
    await delay(200);
  }
}

async function buildImage(target: ImageTarget): Promise<void> {
  await docker('build', `--target=${target}`, `--tag=${imageOf(target)}`, root);
  const bytes = await imageBytes(imageOf(target));
  requireWithin(`The image of ${target}`, bytes, largestBase + programs[target].limits.installed);
  console.log(`${target}: ${formatBytes(bytes)}`);
}

/** Probes an image that has just started. */
async function probe(target: ImageTarget, container: Container, address: string): Promise<void> {
  await until(`Health of ${target}`, async () => (await fetch(`${address}/health`)).status === 200);
  deepStrictEqual(await container.inside(), {
    uid: 10_001,
    firstProcess: '/usr/local/bin/node',
    writing: 'EROFS',
  });
  console.log(`${target}: ready, as account 10001, on a file system that it cannot write to`);
}

/** A visitor's upload to the site's image. */
async function mainJob(address: string): Promise<void> {
  const visitor = new Visitor(address);
  await visitor.request('/');
  await visitor.upload('cat.jpg', await readFile(sample), operations);
  await until('The result of an upload', async () => {
    const jobs = await visitor.jobs();
    const failed = jobs.find(({ state }) => state === 'failed');
    if (failed) console.error(failed.error);
    return jobs.length === operations.length && jobs.every(({ state }) => state === 'succeeded');
  });
  console.log(`site and vm-worker: ${operations.join(', ')} of an upload`);
}

for (const target of targets) await buildImage(target);
const directory = await mkdtemp(join(tmpdir(), 'spillway-images-'));
const options = {
  engine: 'google' as const,
  vms: 1,
  slots: 1,
  runMax: 0,
  reset: true,
  directory,
  fixedPorts: {},
  anyPorts: true,
};
const stack = await startStack(options, console.log);
const containers = new Map<ImageTarget, Container>();
try {
  // The image takes its place.
  await stack.stopPart('vm-1');
  const places = await placesIn(stack);
  for (const target of targets) {
    const { address, more } = places[target];
    const environment = { ...environmentOf(stack), SPILLWAY_SLOTS: '1', ...more };
    const container = await startContainer(imageOf(target), environment);
    containers.set(target, container);
    await probe(target, container, address);
  }
  await mainJob(places.site.address);
  for (const [target, container] of containers) {
    deepStrictEqual(await container.stop(), 0, `${target} did not end by itself`);
    console.log(`${target}: ended by itself after SIGTERM`);
  }
} catch (error) {
  for (const [target, container] of containers) console.error(`Log of ${target}:\n${await container.log()}`);
  throw error;
} finally {
  for (const container of containers.values()) await container.remove();
  await stack.stop();
  await rm(directory, { recursive: true, force: true });
}
