import { expect } from 'vitest';
import { conformanceSection } from './conformance.ts';
import type { StorageNotification } from './notification-event.ts';
import { startTestServer } from './test-server.ts';

const uploadsTopic = 'uploads-finalized';

/** A publisher that keeps what it is given and fails while `failing` says so. */
function recorder(failing: () => boolean = () => false) {
  const published: StorageNotification[] = [];
  let failures = 0;
  return {
    published,
    failures: () => failures,
    notify: async (notification: StorageNotification) => {
      if (failing()) {
        failures += 1;
        throw new Error('Pub/Sub is away');
      }
      published.push(notification);
    },
    eventually: (count: number) => expect.poll(() => published).toHaveLength(count),
    types: () => published.map(({ attributes }) => `${attributes.eventType} ${attributes.objectId}`),
  };
}

conformanceSection('Notifications', (check) => {
  check('configurations: create, list, get, delete, refuse what is wrong', 'client', async () => {
    const { bucket } = await startTestServer();
    const [first] = await bucket.createNotification(uploadsTopic, { eventTypes: ['OBJECT_FINALIZE'] });
    await bucket.createNotification(uploadsTopic, {
      objectNamePrefix: 'in/',
      customAttributes: { team: 'blue' },
    });
    const [all] = await bucket.getNotifications();
    expect(all.map(({ metadata }) => metadata)).toMatchObject([
      {
        kind: 'storage#notification',
        id: '1',
        topic: `//pubsub.googleapis.com/projects/test-project/topics/${uploadsTopic}`,
        event_types: ['OBJECT_FINALIZE'],
        payload_format: 'JSON_API_V1',
      },
      { id: '2', object_name_prefix: 'in/', custom_attributes: { team: 'blue' } },
    ]);
    expect((await first.getMetadata())[0]).toMatchObject({ id: '1' });
    await first.delete();
    expect((await bucket.getNotifications())[0].map(({ id }) => id)).toEqual(['2']);
    await expect(first.getMetadata()).rejects.toMatchObject({ code: 404 });
    await expect(
      bucket.createNotification(uploadsTopic, { eventTypes: ['OBJECT_EATEN'] }),
    ).rejects.toMatchObject({
      code: 400,
    });
  });

  check(
    'a finalize: payload, standard attributes and those that Eventarc adds',
    'client, recording publisher',
    async () => {
      const { published, notify, eventually } = recorder();
      const { bucket, server } = await startTestServer({ notify });
      await bucket.createNotification(uploadsTopic, {
        eventTypes: ['OBJECT_FINALIZE'],
        customAttributes: { team: 'blue' },
      });
      await bucket
        .file('in/ü 1.png')
        .save('x', { metadata: { contentType: 'image/png', metadata: { operation: 'sketch' } } });
      await eventually(1);
      const [resource] = await bucket.file('in/ü 1.png').getMetadata();
      const [message] = published;
      expect(message?.topic).toBe(`projects/test-project/topics/${uploadsTopic}`);
      expect(JSON.parse(message?.data ?? '')).toEqual(resource);
      expect(resource.selfLink).toContain(server.url);
      expect(message?.attributes).toEqual({
        team: 'blue',
        eventType: 'OBJECT_FINALIZE',
        eventTime: resource.timeCreated,
        bucketId: 'test-bucket',
        objectId: 'in/ü 1.png',
        objectGeneration: resource.generation,
        notificationConfig: 'projects/_/buckets/test-bucket/notificationConfigs/1',
        payloadFormat: 'JSON_API_V1',
      });
    },
  );

  check(
    'every kind of upload and copy notifies; deletes and metadata changes too',
    'client, recording publisher',
    async () => {
      const { notify, eventually, types, published } = recorder();
      const { bucket } = await startTestServer({ notify });
      await bucket.createNotification(uploadsTopic);
      await bucket.file('simple').save('x', { resumable: false });
      await bucket.file('resumable').save('x', { resumable: true });
      await bucket.file('simple').copy('copied');
      await bucket.combine(['simple'], 'composed');
      await bucket.file('simple').setMetadata({ metadata: { a: 'b' } });
      await bucket.file('simple').save('y', { resumable: false });
      await bucket.file('simple').delete();
      await eventually(8);
      expect(types().sort()).toEqual([
        'OBJECT_DELETE simple',
        'OBJECT_DELETE simple',
        'OBJECT_FINALIZE composed',
        'OBJECT_FINALIZE copied',
        'OBJECT_FINALIZE resumable',
        'OBJECT_FINALIZE simple',
        'OBJECT_FINALIZE simple',
        'OBJECT_METADATA_UPDATE simple',
      ]);
      const overwrite = published.find(({ attributes }) => attributes.overwroteGeneration);
      const overwritten = published.find(({ attributes }) => attributes.overwrittenByGeneration);
      expect(overwritten?.attributes.overwrittenByGeneration).toBe(overwrite?.attributes.objectGeneration);
      expect(overwrite?.attributes.overwroteGeneration).toBe(overwritten?.attributes.objectGeneration);
    },
  );

  check(
    'only matching event types and name prefixes; payload NONE',
    'client, recording publisher',
    async () => {
      const { notify, eventually, types, published } = recorder();
      const { bucket } = await startTestServer({ notify });
      await bucket.createNotification(uploadsTopic, {
        eventTypes: ['OBJECT_DELETE'],
        objectNamePrefix: 'in/',
        payloadFormat: 'NONE',
      });
      for (const name of ['in/a', 'out/a']) {
        await bucket.file(name).save('x');
        await bucket.file(name).delete();
      }
      await eventually(1);
      expect(types()).toEqual(['OBJECT_DELETE in/a']);
      expect(published[0]?.data).toBe('');
    },
  );

  check('with versioning, a replaced generation is archived', 'client, recording publisher', async () => {
    const { notify, eventually, types } = recorder();
    const { bucket } = await startTestServer({ notify });
    await bucket.setMetadata({ versioning: { enabled: true } });
    await bucket.createNotification(uploadsTopic);
    await bucket.file('a').save('one');
    await bucket.file('a').save('two');
    await eventually(3);
    expect(types().sort()).toEqual(['OBJECT_ARCHIVE a', 'OBJECT_FINALIZE a', 'OBJECT_FINALIZE a']);
  });

  check('a refused upload notifies nobody', 'client, recording publisher', async () => {
    const { notify, eventually, types } = recorder();
    const { bucket } = await startTestServer({ notify });
    await bucket.createNotification(uploadsTopic);
    await bucket.file('a').save('x');
    const again = bucket.file('a').save('y', { preconditionOpts: { ifGenerationMatch: 0 } });
    await expect(again).rejects.toMatchObject({ code: 412 });
    await bucket.file('last').save('x');
    await eventually(2);
    expect(types()).toEqual(['OBJECT_FINALIZE a', 'OBJECT_FINALIZE last']);
  });

  check('publishing is tried again until it succeeds', 'client, failing publisher', async () => {
    let away = true;
    const { notify, eventually, failures, types } = recorder(() => away);
    const { bucket } = await startTestServer({ notify });
    await bucket.createNotification(uploadsTopic);
    await bucket.file('a').save('x');
    await expect.poll(failures).toBeGreaterThan(1);
    away = false;
    await eventually(1);
    expect(types()).toEqual(['OBJECT_FINALIZE a']);
  });

  check(
    'an event that was not published survives a restart, with its id, and is published once',
    'client, failing publisher',
    async () => {
      let away = true;
      const tried: string[] = [];
      const { notify, eventually, published } = recorder(() => away);
      const recording = (notification: StorageNotification) => {
        tried.push(notification.id);
        return notify(notification);
      };
      const first = await startTestServer({ notify: recording });
      await first.bucket.createNotification(uploadsTopic);
      await first.bucket.file('a').save('x');
      await first.bucket.file('a').delete();
      await first.bucket.delete();
      await expect.poll(() => new Set(tried).size).toBe(2);
      away = false;
      const second = await first.restart();
      await eventually(2);
      expect(new Set(published.map(({ id }) => id))).toEqual(new Set(tried));
      const third = await second.restart();
      await third.storage.createBucket('test-bucket');
      await third.bucket.createNotification(uploadsTopic);
      await third.bucket.file('b').save('x');
      await eventually(3);
      expect(published.at(-1)?.attributes.objectId).toBe('b');
    },
  );

  check(
    'a name of 1,024 bytes fits into the attributes, and the payload is whole',
    'client, recording publisher',
    async () => {
      const { notify, eventually, published } = recorder();
      const { bucket } = await startTestServer({ notify });
      await bucket.createNotification(uploadsTopic);
      await bucket.file('é'.repeat(512)).save('x');
      await eventually(1);
      expect(published[0]?.attributes.objectId).toBe('é'.repeat(512));
      expect(JSON.parse(published[0]?.data ?? '').name).toBe('é'.repeat(512));
    },
  );
});
