/** How often something may be done: `burst` times at once, and `perMinute` times a minute in the long run. */
export interface Allowance {
  readonly burst: number;
  readonly perMinute: number;
}

export interface Allowances {
  /** Milliseconds until `key` may spend once more; 0 where it may now. */
  waitMs(key: string, allowance: Allowance, now: Date): number;
  /** Spends once. A key that has nothing left is not charged for asking. */
  spend(key: string, allowance: Allowance, now: Date): void;
  /** Takes one spending back. */
  giveBack(key: string, allowance: Allowance): void;
  readonly size: number;
}

/**
 * Allowances by key, in this process's memory. Each is one number: the time at which it is whole again, which every
 * spending moves on by one interval (the generic cell rate algorithm).
 * @see https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm
 *
 * `mostKeys` bounds the table: where it is full, the key that has spent nothing for the longest time is forgotten.
 */
export function createAllowances(mostKeys = 20_000): Allowances {
  /** In the order of the last spending. */
  const wholeAgain = new Map<string, number>();

  return {
    waitMs(key, { burst, perMinute }, now) {
      const interval = 60_000 / perMinute;
      const ahead = (wholeAgain.get(key) ?? 0) - now.getTime();
      return Math.max(0, ahead + interval - burst * interval);
    },
    spend(key, { perMinute }, now) {
      const whole = Math.max(wholeAgain.get(key) ?? 0, now.getTime());
      wholeAgain.delete(key);
      if (wholeAgain.size >= mostKeys) forgetOldest(wholeAgain);
      wholeAgain.set(key, whole + 60_000 / perMinute);
    },
    giveBack(key, { perMinute }) {
      const whole = wholeAgain.get(key);
      if (whole !== undefined) wholeAgain.set(key, whole - 60_000 / perMinute);
    },
    get size() {
      return wholeAgain.size;
    },
  };
}

function forgetOldest(table: Map<string, number>): void {
  for (const key of table.keys()) {
    table.delete(key);
    return;
  }
}
