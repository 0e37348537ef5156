import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

/**
 * How long a request waits for an instance when all are busy: max(3.5 x mean startup, 10 s), then 429.
 * https://cloud.google.com/run/docs/about-instance-autoscaling
 */
const patience = { startups: 3.5, leastMs: 10_000 } as const;
/** Cloud Run ends an instance 10 s after SIGTERM. The local stack has less time to end. Milliseconds. */
const killAfterMs = 5_000;
const startupGuessMs = 2_000;

const readySchema = z.object({ ready: z.literal(true), port: z.number() });

export interface PoolOptions {
  /** The worker's main file. It listens on `PORT` 0 and reports its port over IPC. */
  entry: URL;
  environment: Record<string, string | undefined>;
  most: number;
  concurrency: number;
  /** An instance without requests is ended after this long. */
  idleMs: number;
  /** How long a request waits for a place. Default: as on Cloud Run. */
  patienceMs?: number;
}

export interface Reservation {
  port: number;
  release(): void;
}

interface Instance {
  id: string;
  child: ChildProcess;
  /** Null while it starts. */
  port: number | null;
  active: number;
  idle: NodeJS.Timeout | null;
  ending: boolean;
}

interface Waiting {
  give(reservation: Reservation | null): void;
  timer: NodeJS.Timeout;
}

/** Worker processes, started and ended by the number of requests. */
export class InstancePool {
  readonly #options: PoolOptions;
  readonly #instances = new Set<Instance>();
  readonly #queue: Waiting[] = [];
  readonly #startupsMs: number[] = [];
  #started = 0;
  #closed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** A place on an instance, which is started if necessary; null if none became free in time. */
  async reserve(): Promise<Reservation | null> {
    if (this.#closed) return null;
    const free = this.#freeInstance();
    if (free) return this.#take(free);
    const place = Promise.withResolvers<Reservation | null>();
    const waiting: Waiting = {
      give: place.resolve,
      timer: setTimeout(() => {
        this.#queue.splice(this.#queue.indexOf(waiting), 1);
        place.resolve(null);
      }, this.#patienceMs()),
    };
    this.#queue.push(waiting);
    this.#scale();
    return place.promise;
  }

  status(): { id: string; pid: number | undefined; state: string; active: number }[] {
    return [...this.#instances].map(({ id, child, port, active, ending }) => {
      const state = ending ? 'ending' : port === null ? 'starting' : 'ready';
      return { id, pid: child.pid, state, active };
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const waiting of this.#queue.splice(0)) {
      clearTimeout(waiting.timer);
      waiting.give(null);
    }
    await Promise.all([...this.#instances].map((instance) => this.#end(instance)));
  }

  #freeInstance(): Instance | undefined {
    const usable = [...this.#instances].filter(
      ({ port, active, ending }) => port !== null && !ending && active < this.#options.concurrency,
    );
    // The busiest first, so that the others can fall idle.
    return usable.sort((a, b) => b.active - a.active)[0];
  }

  #take(instance: Instance): Reservation {
    instance.active++;
    if (instance.idle) clearTimeout(instance.idle);
    let released = false;
    return {
      port: instance.port ?? 0,
      release: () => {
        if (released) return;
        released = true;
        instance.active--;
        this.#serveQueue();
        if (instance.active === 0) {
          instance.idle = setTimeout(() => void this.#end(instance), this.#options.idleMs);
        }
      },
    };
  }

  #serveQueue(): void {
    for (;;) {
      const free = this.#freeInstance();
      const waiting = free && this.#queue.shift();
      if (!waiting) return;
      clearTimeout(waiting.timer);
      waiting.give(this.#take(free));
    }
  }

  /** Starts as many instances as the waiting requests need beyond those that are starting already. */
  #scale(): void {
    const living = [...this.#instances].filter(({ ending }) => !ending);
    const starting = living.filter(({ port }) => port === null).length;
    const needed = Math.ceil(this.#queue.length / this.#options.concurrency) - starting;
    const room = this.#options.most - living.length;
    for (let index = 0; index < Math.min(needed, room); index++) void this.#start();
  }

  async #start(): Promise<void> {
    const id = `run-${process.pid}-${++this.#started}`;
    const startedAt = performance.now();
    const child = fork(fileURLToPath(this.#options.entry), {
      env: {
        ...this.#options.environment,
        PORT: '0',
        HOST: '127.0.0.1',
        SPILLWAY_WORKER_ID: id,
        SPILLWAY_SLOTS: String(this.#options.concurrency),
      },
    });
    const instance: Instance = { id, child, port: null, active: 0, idle: null, ending: false };
    this.#instances.add(instance);
    child.once('exit', () => {
      this.#instances.delete(instance);
      if (instance.idle) clearTimeout(instance.idle);
      if (!this.#closed) this.#scale();
    });
    child.on('error', (error) => {
      console.error(`Instance ${id}: ${error.message}`);
      // A process that could not be started never exits. Waiting requests time out, or another instance serves them.
      if (child.pid === undefined) this.#instances.delete(instance);
    });
    child.on('message', (message) => {
      const ready = readySchema.safeParse(message);
      if (!ready.success) return;
      instance.port = ready.data.port;
      this.#startupsMs.push(performance.now() - startedAt);
      this.#serveQueue();
      if (instance.active === 0) {
        instance.idle = setTimeout(() => void this.#end(instance), this.#options.idleMs);
      }
    });
  }

  async #end(instance: Instance): Promise<void> {
    if (instance.child.exitCode !== null || instance.child.signalCode !== null) return;
    instance.ending = true;
    const exited = once(instance.child, 'exit');
    instance.child.kill('SIGTERM');
    const timer = setTimeout(() => instance.child.kill('SIGKILL'), killAfterMs);
    await exited;
    clearTimeout(timer);
  }

  #patienceMs(): number {
    if (this.#options.patienceMs !== undefined) return this.#options.patienceMs;
    const startups = this.#startupsMs;
    const mean = startups.length
      ? startups.reduce((sum, ms) => sum + ms, 0) / startups.length
      : startupGuessMs;
    return Math.max(patience.leastMs, patience.startups * mean);
  }
}
