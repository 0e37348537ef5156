import type { Job, Target } from '@spillway/core/job.ts';
import { jobUses, thumbnailUses } from '@spillway/core/job-cost.ts';
import { prices } from '@spillway/core/prices.ts';
import type { BilledOperation } from '@spillway/emulators/billed-operations/record-operations.ts';
import { readBilled } from '@spillway/emulators/billed-operations/recorded-operations.ts';
import { topicNames } from '@spillway/pipeline/topics.ts';
import { afterAll, expect, inject, it, onTestFinished } from 'vitest';
import { adminTokenOf } from './admin-token.ts';
import { drawnJpeg } from './pictures.ts';
import { clientOf } from './stack-client.ts';
import { Visitor } from './visitor.ts';

const stack = inject('stack');
const client = clientOf(stack);
const folder = inject('billedOperations');
const visitor = new Visitor(stack.web);
afterAll(() => client.close());

/**
 * One of these has the bill of a job to which nothing happens by the way: the sweep may read a job that waits, and a look
 * at the world that is a second old is taken again.
 */
const jobs = 3;

it.each(['vm', 'run'] satisfies Target[])('a job on %s uses what the price list bills', async (target) => {
  if (target === 'run') await drainVms();
  const bills: Bill[] = [];
  for (let index = 0; index < jobs; index++) {
    const since = Date.now();
    const job = await processed(`${target}-${index}.jpg`, 80 + index);
    expect(job.route.target).toBe(target);
    bills.push(billOf(job, await readBilled(folder, since)));
  }
  const { firestore, storage, pubsub } = jobUses;
  const { looks, kilobytes, ...least } = leastOf(bills);
  expect(looks).toBeLessThanOrEqual(firestore.readsOfLook);
  // A little less for a shorter name.
  expect(kilobytes).toBeLessThanOrEqual(pubsub.kilobytes);
  expect(kilobytes).toBeGreaterThan(0.95 * pubsub.kilobytes);
  expect(least).toEqual({
    writes: firestore.writes,
    sums: firestore.readsOfSums,
    readsOfClaim: firestore.readsOfClaim,
    readsOfResult: firestore.readsOfResult,
    classA: storage.classA + thumbnailUses.storage.classA,
    classB: storage.classB,
  });
});

/** A visitor's picture, which has thumbnails, up to its result on the page and everything that follows its end. */
async function processed(fileName: string, seed: number): Promise<Job> {
  const upload = await visitor.upload(fileName, await drawnJpeg(seed));
  const find = async () => (await client.allJobs()).filter((job) => job.upload === upload);
  const announced = async () => (await find()).every(({ eventPublishedAt }) => eventPublishedAt !== null);
  await expect.poll(async () => (await find()).length === 1 && (await announced())).toBe(true);
  const [job] = await find();
  if (job?.state !== 'succeeded') throw new Error(`The job ended ${job?.state}: ${job?.error?.message}`);
  const shown = await visitor.request(`/api/v1/jobs/${job.id}/result`);
  expect(shown.status).toBe(200);
  await shown.arrayBuffer();
  return job;
}

/** No VM takes work until the test has ended. */
async function drainVms(): Promise<void> {
  const vms = (await client.vms()).map(({ id }) => String(id));
  const setDrain = async (drain: boolean) => {
    const headers = {
      authorization: `Bearer ${adminTokenOf(stack.adminUrl)}`,
      'content-type': 'application/json',
    };
    const body = JSON.stringify({ drain });
    for (const id of vms) {
      await fetch(`${stack.web}/api/v1/admin/workers/${id}/drain`, { method: 'POST', headers, body });
    }
    const states = async () => (await client.vms()).map(({ state }) => state);
    await expect.poll(states).toEqual(vms.map(() => (drain ? 'drained' : 'ready')));
  };
  onTestFinished(() => setDrain(false));
  await setDrain(true);
}

/** What a job was billed for. */
type Bill = ReturnType<typeof billOf>;

function billOf(job: Job, operations: BilledOperation[]) {
  const sum = (quantity: (operation: BilledOperation) => number) =>
    operations.reduce((total, operation) => total + quantity(operation), 0);
  const document = `jobs/${job.id}`;
  const routePort = Number(new URL(stack.called.routeWeb).port);
  const isRouting = ({ by }: BilledOperation) => by.port === routePort;
  const readsBy = (program: string) =>
    sum((each) => {
      if (each.by.program !== program) return 0;
      if (each.kind === 'query') return each.documents.includes(document) ? each.reads : 0;
      return Number(each.kind === 'read' && each.document === document);
    });
  return {
    writes: sum((each) => Number(each.kind === 'write' && each.document === document)),
    sums: sum((each) => (each.kind === 'sum' && isRouting(each) ? each.reads : 0)),
    looks: sum((each) =>
      Number(isRouting(each) && each.kind === 'read' && each.document.startsWith('routing/')),
    ),
    readsOfClaim: readsBy('vm-worker/main.ts') + readsBy('cloudrun-worker/main.ts'),
    readsOfResult: readsBy('web/server.ts'),
    classA: sum((each) => Number(classOf(each, job) === 'A')),
    classB: sum((each) => Number(classOf(each, job) === 'B')),
    kilobytes: sum((each) => billedMessages(each)) / prices.pubsub.smallestMessageBytes,
  };
}

/**
 * The class of an operation on the job's objects; null for what is free, and for what is part of another. The
 * notification of an upload is one of class B.
 * @see https://cloud.google.com/storage/pricing#operations-by-class
 */
function classOf(operation: BilledOperation, { source }: Job): 'A' | 'B' | null {
  if (operation.kind === 'publish') return operation.topic === topicNames.webUploads ? 'B' : null;
  if (operation.kind !== 'storage') return null;
  const { method, url } = operation;
  const stem = source.name.replace(/\.\w+$/, '');
  if (!decodeURIComponent(url).includes(stem) || method === 'DELETE' || url.includes('upload_id='))
    return null;
  return method === 'GET' ? 'B' : 'A';
}

/** The bytes of messages, published and delivered: a reader's own subscription to the ends of jobs counts, too. */
function billedMessages(operation: BilledOperation): number {
  if (operation.kind !== 'publish' && operation.kind !== 'deliver') return 0;
  const bytes = Math.max(operation.bytes, prices.pubsub.smallestMessageBytes);
  return operation.kind === 'publish' && operation.topic === topicNames.events ? 2 * bytes : bytes;
}

function leastOf(bills: Bill[]): Bill {
  const [first] = bills;
  if (!first) throw new Error('There is no bill.');
  const least = (name: keyof Bill) => Math.min(...bills.map((bill) => bill[name]));
  return Object.fromEntries(
    (Object.keys(first) as (keyof Bill)[]).map((name) => [name, least(name)]),
  ) as Bill;
}
