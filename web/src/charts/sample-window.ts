/** One measurement of a worker, for the charts. */
export interface Sample {
  /** Milliseconds since 1970, by this page's clock. */
  at: number;
  /** The machine's processors, per cent. */
  machineCpu: number;
  /** The worker's own process tree, per cent of the machine. */
  ownCpu: number;
  /** Bytes. */
  machineMemory: number;
  ownMemory: number;
}

export const windowMs = 120_000;
/** Samples that are closer than this come from one heartbeat. */
const sameBeatMs = 400;

/** Adds a sample and removes those that have left the window. Does not change the given list. */
export function withSample(samples: readonly Sample[], next: Sample): readonly Sample[] {
  const last = samples.at(-1);
  if (last && next.at - last.at < sameBeatMs) return samples;
  return [...samples.filter(({ at }) => at >= next.at - windowMs), next];
}
