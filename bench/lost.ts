import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Job } from '@spillway/core/job.ts';
import { jobId } from '@spillway/core/job-id.ts';
import { parseOptions } from '@spillway/core/operations.ts';
import { sampleJob } from '@spillway/core/testing/sample-job.ts';
import { cancelled } from '@spillway/core/transitions.ts';
import { baseConfigSchema } from '@spillway/pipeline/config.ts';
import { createEmbeddedPorts } from '@spillway/pipeline/embedded/ports.ts';
import { findUploadsOf } from '@spillway/pipeline/find-lost-uploads.ts';
import { createGcpPorts } from '@spillway/pipeline/gcp/ports.ts';
import { createMemoryPorts, silentLog } from '@spillway/pipeline/memory/ports.ts';
import type { WrittenBlob } from '@spillway/pipeline/ports/blobs.ts';
import type { Buckets, Ports } from '@spillway/pipeline/ports/ports.ts';
import { startStorageServer } from '@spillway/storage-server/server.ts';
import { withStack } from './stack-jobs.ts';

/** Nobody is told of what is dropped there. */
const buckets: Buckets = { uploads: 'lost-uploads', webUploads: 'lost-web-uploads', results: 'lost-results' };
const project = 'bench-lost';
const operation = 'sketch';
/** One object in so many has no job in the second search. */
const lostOf = 100;
/** Objects and documents that are written at the same time. */
const writtenAtOnce = 50;

interface Searched {
  where: string;
  objects: number;
  /** Where all objects have their jobs. */
  perSecond: number;
  /** Where one in a hundred has none, and gets it. */
  perSecondWithLost: number;
}

/**
 * Objects a second that the search for lost uploads goes through: on the adapters in memory, on the embedded engine with
 * its storage server in this process, and on Google's emulators with the storage server of a local stack.
 */
export async function lost({ json }: { json: boolean }): Promise<void> {
  const rows: Searched[] = [];
  const add = (row: Searched) => {
    rows.push(row);
    if (!json) console.log(lineOf(row));
  };
  add(await search('memory', { ...createMemoryPorts(), buckets }, 50_000));
  add(await onMachine((ports) => search('embedded engine', ports, 10_000)));
  add(await onEmulators((ports) => search("Google's emulators", ports, 5_000)));
  if (json) console.log(JSON.stringify(rows, null, 2));
}

const lineOf = ({ where, objects, perSecond, perSecondWithLost }: Searched): string =>
  `${where}: ${Math.round(perSecond)} objects a second of ${objects}, ${Math.round(perSecondWithLost)} where one in ${lostOf} has no job`;

async function search(where: string, ports: Ports, objects: number): Promise<Searched> {
  await drop(objects, 'there', true, ports);
  const perSecond = await searchedPerSecond(0, ports);
  const lost = Math.round(objects / lostOf);
  await drop(lost, 'lost', false, ports);
  return { where, objects, perSecond, perSecondWithLost: await searchedPerSecond(lost, ports) };
}

async function searchedPerSecond(lost: number, ports: Ports): Promise<number> {
  const startedAt = performance.now();
  const { looked, made } = await findUploadsOf(1, { youngestMs: -60_000, goesOn: () => true }, ports);
  if (made !== lost) throw new Error(`The search made ${made} jobs, and ${lost} were lost.`);
  return (1_000 * looked) / (performance.now() - startedAt);
}

async function drop(count: number, name: string, withJobs: boolean, { blobs, jobs }: Ports): Promise<void> {
  for (let at = 0; at < count; at += writtenAtOnce) {
    const some = Array.from({ length: Math.min(writtenAtOnce, count - at) }, (_, index) => at + index);
    await Promise.all(
      some.map(async (number) => {
        const object = `sketch/${name}-${String(number).padStart(6, '0')}.jpg`;
        const content = { from: { text: 'a picture' }, contentType: 'image/jpeg' };
        const written = await blobs.writeOnce(buckets.uploads, object, content);
        if (withJobs) await jobs.create(endedJob(written));
      }),
    );
  }
}

/** A job as the search expects it. It has ended, so that nobody works on it. */
function endedJob({ bucket, name, generation, size }: WrittenBlob): Job {
  const now = new Date();
  const parsed = parseOptions(operation, {});
  if (!parsed.ok) throw new Error(parsed.message);
  const { options } = parsed;
  const source = {
    bucket,
    name,
    generation,
    size,
    contentType: 'image/jpeg',
    timeCreated: now,
    pixels: null,
  };
  const id = jobId({ bucket, name, generation, operation, options, run: 1 });
  return cancelled(sampleJob({ id, operation, options, source }), now);
}

async function onMachine<Report>(measure: (ports: Ports) => Promise<Report>): Promise<Report> {
  const folder = await mkdtemp(join(tmpdir(), 'spillway-lost-'));
  const storage = await startStorageServer({ dataDir: join(folder, 'storage'), notify: async () => {} });
  await makeBuckets(storage.url);
  const config = configOf(storage.url, {
    SPILLWAY_ENGINE: 'embedded',
    SPILLWAY_DATABASE: join(folder, 'spillway.db'),
  });
  const ports = await createEmbeddedPorts(config, silentLog);
  try {
    return await measure(ports);
  } finally {
    await ports.close();
    await storage.close();
    await rm(folder, { recursive: true, force: true });
  }
}

function onEmulators<Report>(measure: (ports: Ports) => Promise<Report>): Promise<Report> {
  return withStack({ vms: 0, slots: 1, runMax: 0 }, async ({ stack }) => {
    await makeBuckets(stack.storage);
    Object.assign(process.env, {
      FIRESTORE_EMULATOR_HOST: stack.firestore,
      PUBSUB_EMULATOR_HOST: stack.pubsub,
      STORAGE_EMULATOR_HOST: stack.storage,
    });
    const ports = createGcpPorts(configOf(stack.storage, { SPILLWAY_PROJECT: stack.project }), silentLog);
    try {
      return await measure(ports);
    } finally {
      await ports.close();
    }
  });
}

function configOf(storage: string, more: Record<string, string>) {
  return baseConfigSchema.parse({
    SPILLWAY_PROJECT: project,
    SPILLWAY_UPLOADS_BUCKET: buckets.uploads,
    SPILLWAY_WEB_UPLOADS_BUCKET: buckets.webUploads,
    SPILLWAY_RESULTS_BUCKET: buckets.results,
    STORAGE_EMULATOR_HOST: storage,
    ...more,
  });
}

async function makeBuckets(storage: string): Promise<void> {
  for (const name of Object.values(buckets)) {
    const { ok, status } = await fetch(`${storage}/storage/v1/b?project=${project}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name }),
    });
    if (!ok) throw new Error(`The bucket ${name} could not be made: ${status}.`);
  }
}
