import { createJsonLog } from '@spillway/pipeline/json-log.ts';
import type { RunInstance } from './run-instance.ts';

/**
 * How long a request waits for an instance when all are busy: max(3.5 x mean startup, 10 s), then 429.
 * https://cloud.google.com/run/docs/about-instance-autoscaling
 */
const patience = { startups: 3.5, leastMs: 10_000 } as const;
/** From SIGTERM to SIGKILL. https://cloud.google.com/run/docs/container-contract#instance-shutdown */
const killAfterMs = 10_000;
/** The same when the stack ends, which has 10 s for everything. */
const killAtCloseMs = 5_000;
const startupGuessMs = 2_000;
/** An instance that is to be kept and did not start is started again after this long. */
const retryStartMs = 1_000;
/**
 * An instance that answers so often with 5xx in a row is ended.
 * https://cloud.google.com/run/docs/about-instance-autoscaling
 */
const mostServerErrors = 20;

export interface PoolOptions {
  /** Starts one more instance, which listens on `port` when it is ready. */
  start(): Promise<{ instance: RunInstance; port: number }>;
  most: number;
  concurrency: number;
  /** An instance without requests is ended after this long. Milliseconds. */
  idleMs: number;
  /** How long a request waits for a place. Default: as on Cloud Run. */
  patienceMs?: number;
}

export interface Reservation {
  port: number;
  /** The request has ended with this answer; null where the instance gave none. */
  release(status: number | null): void;
}

/** An instance as the pool sees it. It has no process before `start` has resolved. */
interface Member {
  id: string;
  instance: RunInstance | null;
  /** Null while it starts. */
  port: number | null;
  active: number;
  serverErrors: number;
  idle: NodeJS.Timeout | null;
  ending: boolean;
}

interface Keeper {
  count: number;
  resolve(): void;
}

interface Waiting {
  give(reservation: Reservation | null): void;
  timer: NodeJS.Timeout;
}

const log = createJsonLog('cloud-run');

/** Instances, started and ended by the number of requests. */
export class InstancePool {
  readonly #options: PoolOptions;
  readonly #members = new Set<Member>();
  readonly #queue: Waiting[] = [];
  readonly #startupsMs: number[] = [];
  readonly #keepers: Keeper[] = [];
  #started = 0;
  /** Instances that are kept started, whether there are requests or not. */
  #least = 0;
  #closed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** A place on an instance, which is started if necessary; null if none became free in time. */
  async reserve(): Promise<Reservation | null> {
    if (this.#closed) return null;
    const free = this.#freeMember();
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

  /** Keeps at least this number of instances started from now on. Resolves when they are, or when another number is wanted. */
  keep(instances: number): Promise<void> {
    this.#least = Math.min(instances, this.#options.most);
    for (const { resolve } of this.#keepers.splice(0)) resolve();
    const kept = Promise.withResolvers<void>();
    this.#keepers.push({ count: this.#least, resolve: kept.resolve });
    this.#scale();
    this.#tellKeepers();
    for (const member of this.#members) this.#rest(member);
    return kept.promise;
  }

  status(): { id: string; pid: number | undefined; state: string; active: number }[] {
    return [...this.#members].map(({ id, instance, port, active, ending }) => {
      const state = ending ? 'ending' : port === null ? 'starting' : 'ready';
      return { id, pid: instance?.pid, state, active };
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const waiting of this.#queue.splice(0)) {
      clearTimeout(waiting.timer);
      waiting.give(null);
    }
    for (const { resolve } of this.#keepers.splice(0)) resolve();
    await Promise.all([...this.#members].map((member) => this.#end(member, killAtCloseMs)));
  }

  #freeMember(): Member | undefined {
    const usable = [...this.#members].filter(
      ({ port, active, ending }) => port !== null && !ending && active < this.#options.concurrency,
    );
    // The busiest first, so that the others can fall idle.
    return usable.sort((a, b) => b.active - a.active)[0];
  }

  #take(member: Member): Reservation {
    if (member.active++ === 0) member.instance?.thaw();
    if (member.idle) clearTimeout(member.idle);
    let released = false;
    return {
      port: member.port ?? 0,
      release: (status) => {
        if (released) return;
        released = true;
        member.active--;
        member.serverErrors = status !== null && status < 500 ? 0 : member.serverErrors + 1;
        if (member.serverErrors >= mostServerErrors && !member.ending) {
          const { id } = member;
          log.warn({ id }, `An instance answered ${mostServerErrors} times in a row with 5xx and is ended.`);
          void this.#end(member, killAfterMs);
        }
        this.#serveQueue();
        this.#rest(member);
      },
    };
  }

  #serveQueue(): void {
    for (;;) {
      const free = this.#freeMember();
      const waiting = free && this.#queue.shift();
      if (!waiting) return;
      clearTimeout(waiting.timer);
      waiting.give(this.#take(free));
    }
  }

  /** An instance without a request stands still, and is ended after a while unless it is to be kept. */
  #rest(member: Member): void {
    if (member.active > 0 || member.ending || member.port === null) return;
    member.instance?.freeze();
    if (member.idle) clearTimeout(member.idle);
    member.idle = setTimeout(() => {
      if (this.#living().length > this.#least) void this.#end(member, killAfterMs);
    }, this.#options.idleMs);
  }

  /**
   * Starts as many instances as the waiting requests need beyond those that are starting already, and as are to be kept
   * beyond those that live.
   */
  #scale(): void {
    const living = this.#living();
    const starting = living.filter(({ port }) => port === null).length;
    const forRequests = Math.ceil(this.#queue.length / this.#options.concurrency) - starting;
    const needed = Math.max(forRequests, this.#least - living.length);
    const room = this.#options.most - living.length;
    for (let index = 0; index < Math.min(needed, room); index++) void this.#start();
  }

  #living(): Member[] {
    return [...this.#members].filter(({ ending }) => !ending);
  }

  #tellKeepers(): void {
    const ready = this.#living().filter(({ port }) => port !== null).length;
    const [keeper] = this.#keepers;
    if (!keeper || ready < keeper.count) return;
    for (const { resolve } of this.#keepers.splice(0)) resolve();
  }

  async #start(): Promise<void> {
    const id = `instance-${process.pid}-${++this.#started}`;
    const member: Member = {
      id,
      instance: null,
      port: null,
      active: 0,
      serverErrors: 0,
      idle: null,
      ending: false,
    };
    this.#members.add(member);
    const startedAt = performance.now();
    try {
      const { instance, port } = await this.#options.start();
      member.instance = instance;
      void instance.ended.then(() => this.#leave(member));
      if (this.#closed) return void this.#end(member, killAtCloseMs);
      await instance.ready;
      this.#startupsMs.push(performance.now() - startedAt);
      member.port = port;
      this.#tellKeepers();
      this.#serveQueue();
      this.#rest(member);
    } catch (error) {
      log.error({ id, error }, 'An instance could not be started.');
      if (member.instance) return;
      this.#leave(member);
    }
  }

  #leave(member: Member): void {
    this.#members.delete(member);
    member.ending = true;
    if (member.idle) clearTimeout(member.idle);
    if (this.#closed) return;
    // One that never came up would do so again at once.
    if (member.port === null && this.#queue.length === 0) {
      setTimeout(() => this.#scaleUnlessClosed(), retryStartMs).unref();
    } else this.#scale();
  }

  #scaleUnlessClosed(): void {
    if (!this.#closed) this.#scale();
  }

  async #end(member: Member, withinMs: number): Promise<void> {
    member.ending = true;
    await member.instance?.end(withinMs);
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
