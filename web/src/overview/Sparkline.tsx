/** The course of a figure, without numbers: the charts below have them. */
export function Sparkline({ values }: { values: readonly number[] }) {
  const most = Math.max(...values, 0);
  if (values.length < 2 || most === 0) return null;
  const points = values
    .map(
      (value, index) =>
        `${((100 * index) / (values.length - 1)).toFixed(1)},${(23 - (22 * value) / most).toFixed(1)}`,
    )
    .join(' ');
  return (
    <svg class="sparkline" viewBox="0 0 100 24" preserveAspectRatio="none" aria-hidden="true">
      <polyline points={points} />
    </svg>
  );
}
