import type { SideLedger } from '@spillway/core/job.ts';
import { offeredSlots, offeredWorkTiming } from '@spillway/core/routing/offered-work.ts';
import { begin, waitFor } from '@spillway/core/steps.ts';
import { Autoscaler } from './autoscaler.ts';
import type { LookAhead } from './look-ahead.ts';
import type { Past } from './past.ts';
import { RecentWork } from './recent-work.ts';
import type { VmPool } from './vm-pool.ts';
import type { World } from './world.ts';

/** The sweep's leader writes how much work is offered, and Google's autoscaler has the pool of VMs follow it. */
export class PoolScaling {
  readonly #world: World;
  readonly #lookAhead: LookAhead | null;
  readonly #recent: RecentWork;
  readonly #written: { atMs: number; slots: number }[] = [];
  readonly #autoscaler: Autoscaler;

  /** @param load Share of a VM's slots that is to be busy. */
  constructor(world: World, load: number, past: Past, lookAhead: LookAhead | null) {
    this.#world = world;
    this.#lookAhead = lookAhead;
    this.#recent = new RecentWork(offeredWorkTiming.arrivedWithin);
    for (const { second, workMs } of past.lately) this.#recent.add((second - past.seconds) * 1_000, workMs);
    const { vms } = world.scenario;
    const slotsAtFirst = past.minutes.length > 0 ? this.#offeredSlots() : vms.count * vms.slots * load;
    this.#autoscaler = new Autoscaler(world.scenario, load, slotsAtFirst);
    this.#written.push({ atMs: Number.NEGATIVE_INFINITY, slots: slotsAtFirst });
  }

  /** VMs at the beginning. */
  get size(): number {
    return this.#autoscaler.size;
  }

  start(pool: VmPool): void {
    const { engine, scenario } = this.#world;
    const { metricMs, decideMs } = scenario.pool;
    engine.every(offeredWorkTiming.every, () => {
      this.#written.push({ atMs: engine.ms, slots: this.#offeredSlots() });
    });
    engine.every(decideMs, () => {
      while ((this.#written[1]?.atMs ?? Number.POSITIVE_INFINITY) <= engine.ms - metricMs)
        this.#written.shift();
      const { slots = 0 } = this.#written[0] ?? {};
      pool.resize(this.#autoscaler.decide(slots, engine.ms));
    });
  }

  /** A job's document was created. */
  count(workMs: number): void {
    this.#recent.add(this.#world.engine.ms, workMs);
  }

  #offeredSlots(): number {
    const { engine, ports } = this.#world;
    const now = engine.now();
    const waiting = (target: 'vm' | 'run', ms: number) => {
      const turnsBefore = new Date(now.getTime() + ms);
      return (begin(waitFor(ports.sums.waitingBefore(target, turnsBefore))) as SideLedger).workMs;
    };
    const seen = {
      arrivedMs: this.#recent.sum(engine.ms),
      overdueMs: waiting('vm', 0) + waiting('run', 0),
      dueMs: waiting('vm', offeredWorkTiming.horizon),
    };
    return offeredSlots(seen, this.#lookAhead?.arrivingSlots() ?? null);
  }
}
