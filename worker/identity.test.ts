import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import { setGCPResidency } from 'gcp-metadata';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { workerConfigSchema } from './config.ts';
import { identifyWorker } from './identity.ts';

// The tests may themselves run on Google Cloud.
beforeEach(() => setGCPResidency(false));
afterEach(() => void vi.unstubAllEnvs());

/** A metadata server that says this of its instance. */
async function onMachine(answers: Record<string, string>): Promise<string> {
  const server = createServer((request, response) => {
    const what = request.url?.replace('/computeMetadata/v1/instance/', '') ?? '';
    response.setHeader('Metadata-Flavor', 'Google');
    response.statusCode = what in answers ? 200 : 404;
    response.end(answers[what]);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  vi.stubEnv('GCE_METADATA_HOST', host);
  return host;
}

const elsewhere = {
  SPILLWAY_WORKER_ID: undefined,
  K_REVISION: undefined,
  GCE_METADATA_HOST: undefined,
};

describe('a worker', () => {
  it('on a VM has the name of its instance', async () => {
    const GCE_METADATA_HOST = await onMachine({ name: 'vm-7', id: '4567890123456789012' });
    expect(await identifyWorker({ ...elsewhere, GCE_METADATA_HOST })).toEqual({
      id: 'vm-7',
      from: 'vm_name',
    });
  });

  it('on Cloud Run is its revision and instance, so that two in equal containers differ', async () => {
    const ids: string[] = [];
    for (const id of ['00bf4bf02d'.repeat(12), `${'00bf4bf02d'.repeat(11)}aaaaaaaaaa`]) {
      const GCE_METADATA_HOST = await onMachine({ id });
      const who = await identifyWorker({ ...elsewhere, K_REVISION: 'worker-00007-abc', GCE_METADATA_HOST });
      expect(who.from).toBe('revision_and_instance');
      ids.push(who.id);
    }
    // Both asked with the hostname and the pid of this one process.
    expect(new Set(ids).size).toBe(2);
    for (const id of ids) expect(id).toMatch(/^worker-00007-abc-[0-9a-f]{12}$/);
  });

  it('elsewhere is what it is told, else a random id, and never the name of its host', async () => {
    const told = await identifyWorker({ ...elsewhere, SPILLWAY_WORKER_ID: 'desk' });
    expect(told).toEqual({ id: 'desk', from: 'setting' });
    const [first, second] = await Promise.all([identifyWorker(elsewhere), identifyWorker(elsewhere)]);
    expect(first.id).not.toBe(second.id);
    expect(first).toMatchObject({ from: 'random', id: expect.not.stringContaining(os.hostname()) });
  });

  it('says in one line what is missing where the metadata server does not answer', async () => {
    const GCE_METADATA_HOST = await onMachine({});
    const asking = identifyWorker({ ...elsewhere, GCE_METADATA_HOST });
    await expect(asking).rejects.toThrow(
      /^The metadata server does not say this machine's instance name[^\n]*$/,
    );
  });

  it('is never one name for all instances of a service', async () => {
    const named = { ...elsewhere, K_REVISION: 'worker-00007-abc', SPILLWAY_WORKER_ID: 'run' };
    await expect(identifyWorker(named)).rejects.toThrow('all its instances would be one worker');
    expect(workerConfigSchema.shape.SPILLWAY_WORKER_ID.safeParse('localhost').success).toBe(false);
  });
});
