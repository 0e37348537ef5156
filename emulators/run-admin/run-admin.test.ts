import { ServicesClient } from '@google-cloud/run';
import { emulatorEndpoint } from '@spillway/pipeline/gcp/emulator-endpoint.ts';
import { createCloudRunService } from '@spillway/pipeline/gcp/run-service.ts';
import { runServiceContract } from '@spillway/pipeline/testing/run-service-contract.ts';
import { expect, it, onTestFinished } from 'vitest';
import { type AdministeredService, startRunAdmin } from './server.ts';

const name = 'projects/demo/locations/us-central1/services/spillway-worker';

/** Google's client before a stand-in for Cloud Run's Admin API. */
async function administered(keep: AdministeredService['keep'] = async () => {}, asked = name) {
  const admin = await startRunAdmin({
    name,
    revision: {
      name: 'spillway-worker-00001-abc',
      createdAt: new Date('2026-11-27T00:00:00Z'),
      cpu: '2000m',
      memory: '4Gi',
      concurrency: 1,
      timeoutSeconds: 120,
      maxInstances: 3,
    },
    keep,
  });
  const service = createCloudRunService(asked, admin.host);
  onTestFinished(async () => {
    await service.close();
    await admin.stop();
  });
  return { admin, service };
}

runServiceContract("Google's client", async () => (await administered()).service);

it('says that a change goes on, and how it ends', async () => {
  const started = Promise.withResolvers<void>();
  const { admin, service } = await administered(() => started.promise);
  const change = service.setMinimumInstances(2);
  await expect.poll(() => admin.changes).toEqual([2]);
  expect(await service.describe()).toMatchObject({
    reconciling: true,
    conditions: [{ type: 'Ready', state: 'under_way' }],
  });
  started.resolve();
  expect(await change).toEqual({ kind: 'done', before: 0 });
  expect(await service.describe()).toMatchObject({ reconciling: false });
});

it('tells why Cloud Run could not start the instances', async () => {
  const { service } = await administered(async () => {
    throw new Error('The quota of CPUs in the region is used up.');
  });
  const failure = {
    name: 'OutageError',
    message: expect.stringContaining('The quota of CPUs in the region is used up.'),
  };
  await expect(service.setMinimumInstances(2)).rejects.toMatchObject(failure);
  // It is set by now, and not so.
  await expect(service.setMinimumInstances(2)).rejects.toMatchObject(failure);
  expect(await service.describe()).toMatchObject({ conditions: [{ state: 'failed' }] });
});

it('without the right to see operations, a change counts as taken', async () => {
  const { admin, service } = await administered(() => new Promise(() => {}));
  admin.mood = 'denies_operations';
  expect(await service.setMinimumInstances(1)).toEqual({ kind: 'under_way', before: 0 });
});

it('reads the service again when somebody else changes it at the same time, some times', async () => {
  const { admin, service } = await administered();
  admin.changesBeside = 2;
  expect(await service.setMinimumInstances(1)).toEqual({ kind: 'done', before: 0 });
  expect(admin.changes).toEqual([1]);
  admin.changesBeside = 3;
  await expect(service.setMinimumInstances(2)).rejects.toMatchObject({ name: 'OutageError' });
  expect(admin.changes).toEqual([1]);
});

it('an account without rights is told which to have', async () => {
  const { admin, service } = await administered();
  admin.mood = 'denies';
  await expect(service.describe()).rejects.toMatchObject({
    name: 'RefusedError',
    scope: 'service',
    message: expect.stringContaining('roles/run.viewer'),
  });
  await expect(service.setMinimumInstances(1)).rejects.toMatchObject({
    name: 'RefusedError',
    message: expect.stringContaining('run.services.update'),
  });
});

it('a used-up quota passes', async () => {
  const { admin, service } = await administered();
  admin.mood = 'has_no_quota';
  await expect(service.describe()).rejects.toMatchObject({ name: 'OutageError' });
});

it('a service that does not exist is a wrong setting', async () => {
  const { service } = await administered(undefined, `${name}-other`);
  await expect(service.describe()).rejects.toMatchObject({
    name: 'RefusedError',
    scope: 'service',
    message: expect.stringContaining('SPILLWAY_RUN_SERVICE'),
  });
});

it('an API that is away is an outage', async () => {
  const { admin, service } = await administered();
  await admin.stop();
  await expect(service.describe()).rejects.toMatchObject({ name: 'OutageError' });
});

it('the stand-in, as Cloud Run, takes a path that it does not know for the wish to replace the service', async () => {
  const { admin } = await administered();
  const client = new ServicesClient(await emulatorEndpoint(admin.host));
  onTestFinished(() => client.close());
  const service = { name, scaling: { minInstanceCount: 1 } };
  const update = client.updateService({ service, updateMask: { paths: ['scaling.minInstanceCount'] } });
  await expect(update).rejects.toThrow('service.template.containers');
  expect(admin.changes).toEqual([]);
});
