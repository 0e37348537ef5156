import type { Job } from '@spillway/core/job.ts';
import type { JobMessage } from '@spillway/core/messages.ts';
import { routingSettingsSchema } from '@spillway/core/settings.ts';
import { begin, launch, Pending, type Steps, waitFor } from '@spillway/core/steps.ts';
import { sampleJob } from '@spillway/core/testing/sample-job.ts';
import { sampleWorker } from '@spillway/core/testing/sample-worker.ts';
import { published, routed } from '@spillway/core/transitions.ts';
import type { Operate } from '@spillway/pipeline/executor.ts';
import { LineMemory } from '@spillway/pipeline/line-memory.ts';
import { noInstruments } from '@spillway/pipeline/memory/instruments.ts';
import { createMemoryDatabase, silentLog } from '@spillway/pipeline/memory/ports.ts';
import type { Blobs } from '@spillway/pipeline/ports/blobs.ts';
import type { Consumer, PulledMessage } from '@spillway/pipeline/ports/consumer.ts';
import type { Creation, Stored } from '@spillway/pipeline/ports/jobs.ts';
import type { AppPorts, Ports } from '@spillway/pipeline/ports/ports.ts';
import type { Queue } from '@spillway/pipeline/ports/queue.ts';
import { recentReadings } from '@spillway/pipeline/recent-readings.ts';
import { newSweepMemory, sweepUnderLease } from '@spillway/pipeline/sweep.ts';
import { plainOutput } from '@spillway/pipeline/testing/workbench.ts';
import { DatabaseOperations, distantDatabase } from '@spillway/simulator/distant-database.ts';
import { randomStream } from '@spillway/simulator/random.ts';
import { Engine, Machine } from '@spillway/simulator/virtual-time.ts';
import { startPulling } from '@spillway/worker/pull-loop.ts';
import { createWorkload } from '@spillway/worker/workload.ts';

interface WorldOptions {
  /** From a program to database, storage and queue, and back. Milliseconds. */
  roundTripMs: number;
  slots: number;
  /** How long an operation keeps its slot. */
  serviceMs: (job: Job) => number;
  mostBytes?: number;
  /** How long the download of this number of bytes takes beside the round trip. */
  downloadMs?: (bytes: number) => number;
}

/** What one VM has done with a job. Milliseconds of virtual time. */
interface Work {
  job: string;
  vm: string;
  claimedAt: number;
  begunAt: number;
  endedAt: number;
}

const noCloudRun = routingSettingsSchema.parse({ run: { enabled: false } });
const pullMs = 4_000;
const claimMs = 9_000;

/**
 * Jobs that wait for VMs, each with a message, and VMs that work on them with the production loop in virtual time. All is
 * decided by the same seeds each time.
 */
export function flightsWorld({
  roundTripMs,
  slots,
  serviceMs,
  mostBytes = 2 ** 30,
  downloadMs = () => 0,
}: WorldOptions) {
  const engine = new Engine();
  const near = createMemoryDatabase({ clock: engine, routing: noCloudRun });
  const messages: JobMessage[] = [];
  const waitingPulls: ((message: PulledMessage | null) => void)[] = [];
  const written = new Map<string, number>();
  const works: Work[] = [];
  let tokens = 0;
  let generations = 0;
  let announced = 0;
  let ackIds = 0;
  let pulls = 0;
  let [kept, mostKept] = [0, 0];

  function deliver(): void {
    while (messages.length > 0 && waitingPulls.length > 0) {
      waitingPulls.shift()?.(pulled(messages.shift() as JobMessage));
    }
  }

  function pulled(message: JobMessage): PulledMessage {
    return { data: JSON.stringify(message), trace: null, ackId: `${++ackIds} ${JSON.stringify(message)}` };
  }

  const queue = {
    publish(_target, message) {
      messages.push(message);
      deliver();
    },
    announce: () => void announced++,
  } as Partial<Queue> as Queue;

  function portsOf(home: Engine | Machine, name: string): AppPorts {
    const away = <Answer>(act: () => Answer, ms = 0): Answer => begin(late(act, ms)) as Answer;
    function* late<Answer>(act: () => Answer, ms: number): Steps<Answer> {
      yield* waitFor(home.pause(roundTripMs / 2 + ms));
      const answer = act();
      yield* waitFor(home.pause(roundTripMs / 2));
      return answer;
    }
    const delay = { medianMs: roundTripMs, sigma: 0 };
    const database = distantDatabase(
      { ...near, recent: recentReadings({ ...near, clock: engine, log: silentLog }, 0) },
      {
        engine,
        home,
        latency: { query: delay, get: delay, write: delay },
        random: randomStream(1, name),
        operations: new DatabaseOperations(),
      },
    );
    const consumer: Partial<Consumer> = {
      pull() {
        pulls++;
        const answer = new Pending<PulledMessage | null>();
        const answerOnce = (message: PulledMessage | null) => answer.resolve(message);
        waitingPulls.push(answerOnce);
        engine.after(pullMs, () => {
          const place = waitingPulls.indexOf(answerOnce);
          if (place === -1) return;
          waitingPulls.splice(place, 1);
          answer.resolve(null);
        });
        deliver();
        return answer;
      },
      settle(ackId, ack) {
        if (ack) return;
        messages.push(JSON.parse(ackId.slice(ackId.indexOf(' ') + 1)));
        deliver();
      },
      extend() {},
      reconnect() {},
    };
    const blobs: Partial<Blobs> = {
      download: ({ generation }) => {
        const bytes = Number(generation);
        kept += 2 * bytes;
        mostKept = Math.max(mostKept, kept);
        return away(() => ({ kind: 'downloaded' as const, crc32c: '', size: 1 }), downloadMs(bytes));
      },
      writeOnce: (bucket, object) =>
        away(() => {
          const adopted = written.has(object);
          const generation = written.get(object) ?? ++generations;
          written.set(object, generation);
          return { bucket, name: object, generation: String(generation), crc32c: '', size: 1, adopted };
        }),
      read: () => null,
      remove: (_bucket, object) => void written.delete(object),
      removeAllBut(_bucket, prefix, keep) {
        for (const object of written.keys()) {
          if (object.startsWith(prefix) && !keep.includes(object)) written.delete(object);
        }
      },
    };
    return {
      ...database,
      consumer,
      queue,
      blobs,
      instruments: noInstruments,
      metrics: null,
      tracing: null,
      clock: engine,
      timers: home,
      newToken: () => String(++tokens),
      log: silentLog,
      buckets: { uploads: 'uploads', webUploads: 'web-uploads', results: 'results' },
      runReach: { kind: 'jobs' },
    } as Partial<AppPorts> as AppPorts;
  }

  /** Has a job wait for the VMs. `dueMs`: its turn. */
  function drop(id: string, { dueMs = 60_000, size = 1_000 } = {}): void {
    const now = engine.now();
    const job = sampleJob({
      id,
      objectiveMs: dueMs,
      clockStartsAt: now,
      source: { ...sampleJob().source, size, generation: String(size) },
    });
    const { stored } = near.jobs.create({ ...job, createdAt: now }) as Creation;
    const { epoch: _, at: __, movedFrom: ___, ...choice } = stored.job.route;
    const decided = near.jobs.replace(
      stored,
      published(routed(stored.job, { ...choice, reason: 'vm_only' }, now), now),
    );
    const { route } = (decided as Stored).job;
    queue.publish('vm', { schemaVersion: 1, jobId: id, epoch: route.epoch }, null);
  }

  function vm(id: string) {
    const machine = new Machine(engine);
    const ports = portsOf(machine, id);
    near.fleet.beat({ ...sampleWorker({ id, slots }) });
    let most = 0;
    let atOnce = 0;
    /** The job whose operation began last. */
    let working: string | null = null;
    function* operate({ inputPath }: { inputPath: string }): Steps<Awaited<ReturnType<Operate>>> {
      const job = jobOf(inputPath);
      most = Math.max(most, ++atOnce);
      working = job.id;
      const begunAt = engine.ms;
      yield* waitFor(machine.pause(serviceMs(job)));
      atOnce--;
      const claimedAt = claimedAtOf.get(job.id) ?? Number.NaN;
      works.push({ job: job.id, vm: id, claimedAt, begunAt, endedAt: engine.ms });
      return { ...plainOutput, path: '', processMs: engine.ms - begunAt };
    }
    const claimedAtOf = new Map<string, number>();
    function jobOf(inputPath: string): Job {
      const token = inputPath.split('job-')[1]?.split('/')[0];
      const found = open().find(({ claim }) => claim?.token === token);
      if (!found) throw new Error(`Nobody has claimed ${inputPath}.`);
      return found;
    }
    const sizeOf = (folder: string) => sizes.get(folder.slice('job-'.length)) ?? 0;
    const sizes = new Map<string, number>();
    const workload = createWorkload(
      {
        ports,
        worker: id,
        target: 'vm',
        folders: {
          pathOf: (name) => name,
          make() {},
          isThere: () => true,
          checksum: () => '',
          remove(path) {
            kept -= 2 * sizeOf(path);
          },
        },
        claimMs,
        maxAttempts: 3,
        learned: () => ({}),
        line: new LineMemory(randomStream(2, id).uniform),
      },
      { slots, mostBytes },
      () => ({ operate: (request) => begin(operate(request)) as ReturnType<Operate>, onOutcome() {} }),
    );
    const { replace } = ports.jobs;
    ports.jobs.replace = (stored, next) => {
      if (next.claim && !stored.job.claim) {
        claimedAtOf.set(next.id, engine.ms);
        sizes.set(next.claim.token, next.source.size);
      }
      return replace(stored, next);
    };
    const pulling = startPulling('vm', { ...workload, ports });
    return { id, machine, workload, pulling, most: () => most, working: () => working };
  }

  const all = (): Job[] => (near.feed.find({}, Number.MAX_SAFE_INTEGER, null) as { jobs: Job[] }).jobs;
  const open = () => all().filter(({ state }) => state === 'processing');
  const sweepPorts = portsOf(engine, 'sweep') as Ports;

  return {
    engine,
    drop,
    vm,
    works,
    written,
    announced: () => announced,
    pulls: () => pulls,
    near,
    /** Sources and results that are downloaded or kept at the same time, in bytes. */
    mostKept: () => mostKept,
    jobs: all,
    job: (id: string) => all().find((job) => job.id === id) as Job,
    states: () => all().map(({ state }) => state),
    messages,
    /** Plays until all jobs have ended; a sweep frees what dead workers have claimed. */
    playToTheEnd(endMs = 600_000): void {
      const memory = newSweepMemory();
      const stop = engine.every(2_000, () => launch(sweepUnderLease('sweep', sweepPorts, memory)));
      engine.run(
        () => all().every(({ state, outbox }) => state === 'succeeded' && !outbox),
        engine.ms + endMs,
      );
      stop();
    },
    play(ms: number): void {
      const end = engine.ms + ms;
      engine.at(end, () => {});
      engine.run(() => engine.ms >= end, end);
    },
  };
}
