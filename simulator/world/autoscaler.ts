import type { Scenario } from '../scenario.ts';

/** A wanted number of VMs, and how many there were. Milliseconds. */
interface Past {
  atMs: number;
  wanted: number;
  size: number;
}

/**
 * Google's autoscaler for a group of VMs that follows one figure of the whole group: it adds VMs at once, and removes them
 * only to the most that was wanted within the stabilization period, a few at a time (scale-in controls).
 * @see https://cloud.google.com/compute/docs/autoscaler/understanding-autoscaler-decisions
 */
export class Autoscaler {
  readonly #pool: Scenario['pool'];
  /** Slots of a VM that are to be busy. */
  readonly #busySlots: number;
  #past: Past[] = [];
  #size: number;

  /** @param load Share of a VM's slots that is to be busy. @param slotsAtFirst The work that is offered before the run. */
  constructor({ pool, vms }: Pick<Scenario, 'pool' | 'vms'>, load: number, slotsAtFirst: number) {
    this.#pool = pool;
    this.#busySlots = vms.slots * load;
    this.#size = this.#wanted(slotsAtFirst);
    this.#past.push({ atMs: 0, wanted: this.#size, size: this.#size });
  }

  /** VMs that the group has, those included that are on their way. */
  get size(): number {
    return this.#size;
  }

  /** @param offeredSlots The newest figure that it sees. @returns The number of VMs from now on. */
  decide(offeredSlots: number, nowMs: number): number {
    const { stabilizationMs, scaleIn } = this.#pool;
    const wanted = this.#wanted(offeredSlots);
    const within = (ms: number) => this.#past.filter(({ atMs }) => atMs > nowMs - ms);
    const lately = most(within(stabilizationMs), (past) => past.wanted);
    const controlled = most(within(scaleIn.windowMs), (past) => past.size) - scaleIn.count;
    this.#size = Math.max(wanted, lately, controlled);
    this.#past = within(Math.max(stabilizationMs, scaleIn.windowMs));
    this.#past.push({ atMs: nowMs, wanted, size: this.#size });
    return this.#size;
  }

  #wanted(offeredSlots: number): number {
    const { bounds } = this.#pool;
    const vms = Math.ceil(offeredSlots / this.#busySlots);
    return Math.min(bounds.most, Math.max(bounds.least, vms));
  }
}

function most(past: readonly Past[], figure: (of: Past) => number): number {
  return past.reduce((highest, of) => Math.max(highest, figure(of)), 0);
}
