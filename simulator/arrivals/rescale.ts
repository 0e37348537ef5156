/** The same arrivals, faster or slower, so that their mean rate is `rate` per second. */
export function rescaleTo(rate: number, arrivals: readonly number[]): number[] {
  const first = arrivals[0] ?? 0;
  const seconds = (arrivals.at(-1) ?? 0) - first;
  if (seconds === 0) return arrivals.map(() => 0);
  const factor = (arrivals.length - 1) / rate / seconds;
  return arrivals.map((at) => (at - first) * factor);
}

export type Half = 'first' | 'second';

/** One half of the time that the arrivals span: settings are tuned on the first, and results told of the second. */
export function halfOf(half: Half, arrivals: readonly number[]): number[] {
  const first = arrivals[0] ?? 0;
  const middle = (first + (arrivals.at(-1) ?? 0)) / 2;
  return arrivals.filter((at) => (half === 'first' ? at < middle : at >= middle));
}
