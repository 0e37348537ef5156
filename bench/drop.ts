import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { PubSub } from '@google-cloud/pubsub';
import { jobEndedSchema } from '@spillway/core/messages.ts';
import type { GoogleStack } from '@spillway/emulators/stack.ts';
import { topicNames } from '@spillway/pipeline/topics.ts';
import { drawPhoto } from './photos.ts';
import { usageOfTree } from './process-tree.ts';
import { type BenchStack, withStack } from './stack-jobs.ts';

const size = { vms: 2, slots: 2, runMax: 2 } as const;
/** Files that are sent at the same time. */
const sentAtOnce = 8;
/** The first sketches meet cold connections and code. */
const warmUps = 10;
const lookEveryMs = 100;

/** What is dropped first. */
export const drops = {
  /** A batch that says how many files it has. */
  bulk: { metadata: { 'batch-size': '1000' }, files: 1_000 },
  /** Files of one owner that say nothing of each other. */
  crowd: { metadata: {}, files: 500 },
} as const;
type DropName = keyof typeof drops;

export interface DropReport {
  dropped: DropName;
  files: number;
  /** From the first file to the last one being stored. */
  dropSeconds: number;
  /** Sketches that are dropped right after: from the upload to the end of its job, and how many of the files had ended then. */
  page: AfterDrop;
  /** Of an integrator, in the bucket of the files. */
  integrator: AfterDrop;
  /** From the last file being stored until all were recorded, and until all had ended. */
  recordedSeconds: number;
  endedSeconds: number;
  /** Processor milliseconds for each file from the first until the last was recorded, by part. Those that worked on pictures meanwhile are `vms`. */
  cpuMsPerFile: Record<string, number>;
}

interface AfterDrop {
  seconds: number;
  filesEnded: number;
}

/**
 * How long a sketch takes that is dropped right after many files, and what it costs to route these: on the local stack
 * with Google's emulators.
 */
export async function drop({ json }: { json: boolean }): Promise<void> {
  const reports: DropReport[] = [];
  for (const name of ['bulk', 'crowd'] as const) {
    const report = await withStack(size, (bench) => measure(name, bench));
    reports.push(report);
    if (!json) console.log(lineOf(report));
  }
  if (json) console.log(JSON.stringify(reports, null, 2));
}

async function measure(dropped: DropName, { stack, firestore, directory }: BenchStack): Promise<DropReport> {
  const { files, metadata } = drops[dropped];
  const photo = join(directory, 'photo.jpg');
  await drawPhoto(600, 400, 1, photo);
  const bytes = await readFile(photo);
  const settings = firestore.doc('settings/sources');
  await settings.set({ rules: rulesOf(['museum', 'camera']) });
  // Routers read the rules again when these are five seconds old.
  await delay(6_000);
  const ends = await watchEnds(stack);
  const send = (bucket: string, name: string, more: Record<string, string> = {}) =>
    upload(stack, bucket, name, bytes, more);
  const { uploads, webUploads } = stack.buckets;

  for (let index = 0; index < warmUps; index++) {
    await send(uploads, `camera/warm-${index}.jpg`);
    await send(webUploads, `visitor/warm-${index}.jpg`, { operation: 'sketch' });
    await ends.of(`camera/warm-${index}.jpg`);
    await ends.of(`visitor/warm-${index}.jpg`);
  }
  const filesEnded = () => ends.startingWith('museum/');
  const stored = async () => (await firestore.collection('jobs').count().get()).data().count - 2 * warmUps;

  const before = await cpuMs(stack);
  const startedAt = performance.now();
  await inLanes(files, (index) => send(uploads, `museum/${index}.jpg`, metadata));
  const droppedAt = performance.now();
  const after = async (bucket: string, name: string, more: Record<string, string> = {}) => {
    const sentAt = performance.now();
    await send(bucket, name, more);
    await ends.of(name);
    return { seconds: secondsSince(sentAt), filesEnded: filesEnded() };
  };
  const sketches = Promise.all([
    after(webUploads, 'visitor/after.jpg', { operation: 'sketch' }),
    after(uploads, 'camera/after.jpg'),
  ]);
  while ((await stored()) < files + 2) await delay(lookEveryMs);
  const recordedSeconds = secondsSince(droppedAt);
  const used = await cpuMs(stack);
  const [page, integrator] = await sketches;
  while (filesEnded() < files) await delay(lookEveryMs);
  const endedSeconds = secondsSince(droppedAt);
  await ends.close();
  return {
    dropped,
    files,
    dropSeconds: (droppedAt - startedAt) / 1_000,
    page,
    integrator,
    recordedSeconds,
    endedSeconds,
    cpuMsPerFile: Object.fromEntries(
      Object.entries(used).map(([part, ms]) => [part, (ms - (before[part] ?? 0)) / files]),
    ),
  };
}

/** Each of two integrators has a prefix, which tells whose files these are. */
function rulesOf(owners: string[]): object[] {
  return owners.map((owner) => ({ prefix: `${owner}/`, operations: ['sketch'], options: {}, owner }));
}

async function inLanes(count: number, send: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: sentAtOnce }, async () => {
      while (next < count) await send(next++);
    }),
  );
}

/** https://cloud.google.com/storage/docs/uploading-objects#rest-upload-objects with metadata: a multipart upload. */
async function upload(
  { storage }: GoogleStack,
  bucket: string,
  name: string,
  bytes: Buffer,
  metadata: Record<string, string>,
): Promise<void> {
  const boundary = 'part-of-an-upload';
  const head = `--${boundary}\r\ncontent-type: application/json\r\n\r\n${JSON.stringify({ name, metadata })}\r\n--${boundary}\r\ncontent-type: image/jpeg\r\n\r\n`;
  const answer = await fetch(`${storage}/upload/storage/v1/b/${bucket}/o?uploadType=multipart`, {
    method: 'POST',
    headers: { 'content-type': `multipart/related; boundary=${boundary}` },
    body: Buffer.concat([Buffer.from(head), bytes, Buffer.from(`\r\n--${boundary}--\r\n`)]),
  });
  await answer.arrayBuffer();
  if (!answer.ok) throw new Error(`The upload of ${name} was answered ${answer.status}.`);
}

/** The objects whose jobs have ended, by a subscription: a query would have the emulator look at every document. */
async function watchEnds({ project, pubsub: apiEndpoint }: GoogleStack) {
  const pubsub = new PubSub({ projectId: project, apiEndpoint, emulatorMode: true });
  const [subscription] = await pubsub.topic(topicNames.events).createSubscription('bench-ends');
  const ended = new Set<string>();
  const waiting = new Map<string, () => void>();
  subscription.on('message', (message) => {
    const { source } = jobEndedSchema.parse(JSON.parse(message.data.toString()));
    ended.add(source.name);
    waiting.get(source.name)?.();
    message.ack();
  });
  return {
    of: (name: string) =>
      ended.has(name) ? Promise.resolve() : new Promise<void>((resolve) => waiting.set(name, resolve)),
    startingWith: (prefix: string) => [...ended].filter((name) => name.startsWith(prefix)).length,
    async close() {
      await subscription.close();
      await pubsub.close();
    },
  };
}

/** Processor milliseconds so far. */
async function cpuMs({ pids }: GoogleStack): Promise<Record<string, number>> {
  const sums: Record<string, number> = {};
  for (const [name, pid] of Object.entries(pids)) {
    if (name === 'launcher') continue;
    const part = name.startsWith('vm-') ? 'vms' : name;
    sums[part] = (sums[part] ?? 0) + (await usageOfTree(pid)).cpuSeconds * 1_000;
  }
  return sums;
}

function secondsSince(time: number): number {
  return (performance.now() - time) / 1_000;
}

const one = (value: number) => value.toFixed(1);

function lineOf(report: DropReport): string {
  const { dropped, files, dropSeconds, page, integrator, recordedSeconds, endedSeconds } = report;
  const parts = Object.entries(report.cpuMsPerFile)
    .filter(([, ms]) => ms >= 0.5)
    .map(([part, ms]) => `${part} ${one(ms)}`);
  const ended = ({ seconds, filesEnded }: AfterDrop) =>
    `${one(seconds)} s (${filesEnded} of the files had ended)`;
  return `${files} files (${dropped}) in ${one(dropSeconds)} s. Right after: a sketch of the page ${ended(page)}, one of another integrator ${ended(integrator)}. All recorded after ${one(recordedSeconds)} s, ended after ${one(endedSeconds)} s. Processor for each file until then, in ms: ${parts.join(', ')}.`;
}
