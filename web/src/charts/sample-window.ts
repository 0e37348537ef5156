/** One measurement of a worker, as the charts draw it. */
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
/** Closer than this, two samples come from one heartbeat. */
const sameBeatMs = 400;

/** Adds a sample and lets go of those that have left the window. The list that came in is not changed. */
export function withSample(samples: readonly Sample[], next: Sample): readonly Sample[] {
  const last = samples.at(-1);
  if (last && next.at - last.at < sameBeatMs) return samples;
  return [...samples.filter(({ at }) => at >= next.at - windowMs), next];
}
