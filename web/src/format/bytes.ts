const units = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** Bytes as people read them: decimal units, at most one decimal place. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1_000;
    unit += 1;
  }
  const digits = unit > 0 && value < 9.95 ? 1 : 0;
  return `${value.toFixed(digits)} ${units[unit]}`;
}

/** Memory in GiB, one decimal place, without the unit. */
export function gibibytes(bytes: number): string {
  return (bytes / 1_024 ** 3).toFixed(1);
}
