import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type GoogleStack, startStack } from '@spillway/emulators/stack.ts';
import { baseConfigSchema } from '@spillway/pipeline/config.ts';
import { createGcpPorts } from '@spillway/pipeline/gcp/ports.ts';
import { createMemoryPorts } from '@spillway/pipeline/memory/ports.ts';
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest';

let stack: GoogleStack;
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'spillway-channel-'));
  const options = {
    engine: 'google' as const,
    vms: 0,
    slots: 1,
    runMax: 0,
    reset: true,
    directory,
    fixedPorts: {},
    anyPorts: true,
  };
  stack = await startStack(options, () => {});
});
afterAll(async () => {
  await stack?.stop();
  await rm(directory, { recursive: true, force: true });
});

/** A way to `target` whose connections can go silent, as when a router in between forgets them. */
async function openWay(target: string): Promise<{ host: string; silence(): number }> {
  const [host, port] = target.split(':');
  const pairs: [Socket, Socket][] = [];
  const server = createServer((near) => {
    const far = connect(Number(port), host);
    pairs.push([near, far]);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.pipe(to);
      from.on('error', () => to.destroy());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of pairs.flat()) socket.destroy();
    server.close();
  });
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    silence() {
      for (const [near, far] of pairs) {
        near.unpipe(far).resume();
        far.unpipe(near).resume();
      }
      return pairs.length;
    },
  };
}

it('a connection to Firestore that has died without a word is replaced within the call that meets it', async () => {
  const way = await openWay(stack.firestore);
  vi.stubEnv('FIRESTORE_EMULATOR_HOST', way.host);
  vi.stubEnv('PUBSUB_EMULATOR_HOST', stack.pubsub);
  vi.stubEnv('STORAGE_EMULATOR_HOST', stack.storage);
  const config = baseConfigSchema.parse({
    SPILLWAY_PROJECT: stack.project,
    SPILLWAY_UPLOADS_BUCKET: stack.buckets.uploads,
    SPILLWAY_WEB_UPLOADS_BUCKET: stack.buckets.webUploads,
    SPILLWAY_RESULTS_BUCKET: stack.buckets.results,
  });
  const ports = createGcpPorts(config, createMemoryPorts().log, undefined, 'calls');
  onTestFinished(() => ports.close());
  expect(await ports.jobs.get('before')).toBeNull();
  expect(way.silence()).toBeGreaterThan(0);
  // Without pings the call would end at Firestore's own limit, and the next one would meet the same connection.
  expect(await ports.jobs.get('after')).toBeNull();
  expect(await ports.jobs.get('later')).toBeNull();
});
