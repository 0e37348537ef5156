/** Minutes ahead for which something is learned. What lies between is interpolated. */
export const learnedAhead = [1, 5, 15] as const;

/**
 * The value for a number of minutes ahead, on straight lines between those of `learnedAhead`; beyond the last one it is
 * the last.
 */
export function interpolated(values: readonly number[], ahead: number): number {
  const last = learnedAhead.length - 1;
  const next = learnedAhead.findIndex((learned) => learned >= ahead);
  if (next <= 0) return values[next < 0 ? last : 0] ?? 0;
  const [from, to] = [learnedAhead[next - 1] ?? 0, learnedAhead[next] ?? 0];
  const share = (ahead - from) / (to - from);
  return (1 - share) * (values[next - 1] ?? 0) + share * (values[next] ?? 0);
}
