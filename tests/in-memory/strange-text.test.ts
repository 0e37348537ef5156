import type { AddressInfo } from 'node:net';
import { http } from '@google-cloud/functions-framework';
import { getTestServer } from '@google-cloud/functions-framework/testing';
import { RefusedError } from '@spillway/core/errors.ts';
import type { Job } from '@spillway/core/job.ts';
import { errorReportName, objectNameProblem, whyIgnored } from '@spillway/core/object-names.ts';
import { seededRandom } from '@spillway/core/testing/seeded-random.ts';
import { type FinalizedObject, storedSource } from '@spillway/core/uploads.ts';
import { createRouteFunction } from '@spillway/functions/route.ts';
import { findUploadsOf } from '@spillway/pipeline/find-lost-uploads.ts';
import { objectResourceSchema } from '@spillway/pipeline/gcp/finalized-object.ts';
import { receiveMessage } from '@spillway/pipeline/handle-message.ts';
import type { MemoryPorts } from '@spillway/pipeline/memory/ports.ts';
import type { UploadSession } from '@spillway/pipeline/ports/blobs.ts';
import { sweepOnce } from '@spillway/pipeline/sweep.ts';
import { withGoogleEvents } from '@spillway/pipeline/testing/google-events.ts';
import { workbench } from '@spillway/pipeline/testing/workbench.ts';
import { addressHeader, createBrowser, createTestApi } from '@spillway/web/api/test-client.ts';
import { describe, expect, it, onTestFinished } from 'vitest';
import { strangeJson, strangeMetadata, strangeOptions, strangeText } from './strange-text.ts';

/** Each world has its own stores; together they are sent 2,000 uploads. */
const worlds = 20;
const fromBucket = 60;
const fromPage = 40;

/** The API and the routing function, through the real framework, on stores as strict as the cloud's. */
async function openWorld(seed: number) {
  const random = seededRandom(seed);
  const sessions: UploadSession[] = [];
  const test = createTestApi((memory) => {
    const { openUpload } = memory.blobs;
    memory.blobs.openUpload = async (session) => {
      const address = await openUpload(session);
      sessions.push(session);
      return address;
    };
    return memory;
  });
  const name = `route-${seed}`;
  http(name, createRouteFunction(withGoogleEvents(test.ports)));
  const server = getTestServer(name).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  const sent: FinalizedObject[] = [];
  return {
    ...test,
    random,
    sessions,
    sent,
    /** As Eventarc: it would bring again whatever is not answered 2xx. */
    async event(object: object): Promise<void> {
      const response = await fetch(`http://127.0.0.1:${port}/`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'ce-id': 'e',
          'ce-type': 'google.cloud.storage.object.v1.finalized',
          'ce-source': 's',
          'ce-specversion': '1.0',
        },
        body: JSON.stringify(object),
      });
      expect(response.status, JSON.stringify(object).slice(0, 500)).toBe(204);
      const read = objectResourceSchema.safeParse(JSON.parse(JSON.stringify(object)));
      if (read.success) sent.push(read.data);
      else expect(test.memory.queue.buried.length, 'what cannot be read is kept').toBeGreaterThan(0);
    },
  };
}
type World = Awaited<ReturnType<typeof openWorld>>;

/** An object as an integrator sends it; one that Cloud Storage itself would refuse is told of all the same. */
function dropped({ memory, random }: World): object {
  const folder = random() < 0.7 ? `${random() < 0.5 ? 'sketch' : 'caption'}/` : '';
  const name = `${folder}${strangeText(random)}`;
  const metadata = strangeMetadata(random);
  const contentType = random() < 0.2 ? { contentType: strangeText(random) } : {};
  const bytes = Buffer.from('picture');
  const upload = (bucket: string, named: string, kept: Record<string, string>) => ({
    ...memory.blobs.upload(bucket, named, bytes, kept),
    bucket: 'uploads',
    name,
    metadata,
    ...contentType,
  });
  if (objectNameProblem(name) !== null) return upload('elsewhere', 'stand-in', {});
  try {
    return upload('uploads', name, metadata);
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    return upload('uploads', name, {});
  }
}

/** One visitor's requests, each with some field or path that is strange; what it opens is uploaded. */
async function visit(world: World, index: number): Promise<void> {
  const { random, memory, sessions } = world;
  const browser = createBrowser(world);
  const headers = { [addressHeader]: `198.51.100.${index}` };
  const maybe = <Value>(value: Value) => (random() < 0.25 ? strangeJson(random) : value);
  const body = {
    fileName: random() < 0.7 ? strangeText(random).slice(0, 900) : maybe('cat.jpg'),
    contentType: maybe('image/jpeg'),
    size: random() < 0.1 ? strangeJson(random) : 7,
    operations: random() < 0.1 ? strangeJson(random) : ['caption'],
    options: random() < 0.5 ? { caption: { prompt: strangeText(random).slice(0, 100) } } : maybe({}),
    ...(random() < 0.2 ? { batchId: strangeText(random) } : {}),
  };
  const opened = sessions.length;
  const path = encodeURIComponent(strangeText(random).toWellFormed());
  const answers = [
    await browser.post('/api/v1/uploads', body, headers),
    await browser.request(`/api/v1/jobs/${path}`, { headers }),
    await browser.request(`/api/v1/jobs?upload=${path}&batch=${path}`, { headers }),
    await browser.request(`/api/v1/jobs?cursor=${path}&operation=${path}`, { headers }),
    await browser.request(`/api/v1/jobs/${path}`, { method: 'DELETE', headers }),
    await browser.post(`/api/v1/jobs/${path}/${random() < 0.5 ? 'retry' : 'cancel'}`, undefined, headers),
  ];
  for (const answer of answers) expect(answer.status, await answer.text()).toBeLessThan(500);
  for (const { name, metadata } of sessions.slice(opened)) {
    await world.event(memory.blobs.upload('web-uploads', name, Buffer.from('picture'), metadata));
  }
}

/** Does all work that was published, on both sides. */
async function workOff(ports: MemoryPorts): Promise<void> {
  // It decides what routers have left to it.
  await sweepOnce('sweeper', ports);
  const { executor } = await workbench();
  const { vm, run } = ports.queue.messages;
  for (const [side, messages] of [
    ['vm-1', vm],
    ['run-1', run],
  ] as const) {
    for (const message of messages.splice(0)) {
      const { ack } = await receiveMessage(
        { data: JSON.stringify(message), trace: null },
        { ...executor(side), ports },
      );
      expect(ack).toBe(true);
    }
  }
}

async function expectEnd(job: Job, { blobs, buckets }: MemoryPorts): Promise<void> {
  expect(['succeeded', 'failed', 'superseded'], `${job.source.name} is ${job.state}`).toContain(job.state);
  if (job.state === 'superseded') return;
  const left = job.result ? [job.result.name, job.result.receipt] : [errorReportName(job)];
  for (const name of left) expect(await blobs.read(buckets.results, name), name).not.toBeNull();
}

describe('whatever text comes with an upload', () => {
  it.each(Array.from({ length: worlds }, (_, index) => index + 1))(
    'it ends as jobs with a result or a report (seed %i)',
    { timeout: 60_000 },
    async (seed) => {
      const world = await openWorld(seed);
      const { memory, sent } = world;
      for (let index = 0; index < fromBucket; index++) await world.event(dropped(world));
      for (let index = 0; index < fromPage; index++) await visit(world, index);
      await workOff(memory);

      expect(sent.length).toBeGreaterThan(fromBucket * 0.9);
      const ends = new Map<string, number>();
      for (const object of sent) {
        const own = await memory.jobs.ofSource(storedSource(object));
        const isIgnored = own.length === 0 && whyIgnored(object.name) !== null;
        expect(own.length > 0 || isIgnored, JSON.stringify(object.name)).toBe(true);
        for (const { job } of own) await expectEnd(job, memory);
        for (const { job } of own) {
          const end = job.error?.code ?? job.state;
          ends.set(end, (ends.get(end) ?? 0) + 1);
        }
      }
      // A name that comes twice has its first upload replaced; else each is worked on, or told why not.
      expect(ends.get('superseded') ?? 0).toBeLessThan(10);
      expect([...ends.keys()]).toEqual(
        expect.arrayContaining(['succeeded', 'invalid_text', 'invalid_options', 'unknown_operation']),
      );
      expect(await sweepOnce('sweeper', memory)).toMatchObject({ published: 0, passedOver: 0 });
      const search = () => findUploadsOf(1, { youngestMs: -60_000, goesOn: () => true }, memory);
      // Where the bucket would not keep the metadata that the event told of, it finds other operations to do.
      expect(await search()).toMatchObject({ passedOver: 0 });
      expect(await search()).toMatchObject({ made: 0, passedOver: 0, complete: true });
    },
  );

  it('is strange enough: a few of these seeds meet every kind of end', async () => {
    const random = seededRandom(1);
    const texts = Array.from({ length: 2_000 }, () => strangeText(random));
    expect(texts.filter((text) => !text.isWellFormed()).length).toBeGreaterThan(100);
    expect(texts.filter((text) => text.includes('\0')).length).toBeGreaterThan(3);
    expect(texts.filter((text) => Buffer.byteLength(text) >= 1_500).length).toBeGreaterThan(100);
    expect(new Set(texts.map(() => strangeOptions(random))).size).toBeGreaterThan(500);
  });
});
