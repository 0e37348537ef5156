/** Writes amounts for people in the same way everywhere: on the page, in decisions and alerts, on the command line. */

/**
 * US dollars to the cent. An amount below a cent has two significant digits, because a job costs a fraction of one.
 * @example formatDollars(0.000123) // '$0.00012'
 */
export function formatDollars(dollars: number): string {
  if (dollars <= 0) return '$0';
  return dollars < 0.00995 ? `$${belowACent.format(dollars)}` : `$${dollars.toFixed(2)}`;
}

/** Without the exponent that `Number.toString` writes for very small numbers. */
const belowACent = new Intl.NumberFormat('en', { maximumSignificantDigits: 2 });

/** A share of 0..1 in per cent, whole unless `digits` says otherwise. */
export function formatShare(share: number, digits = 0): string {
  return `${(100 * share).toFixed(digits)} %`;
}

/** Milliseconds as seconds with one decimal place. */
export function formatSeconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

const units = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** Bytes in decimal units, with one decimal place if the number has one digit. */
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

/** @example countOf(3, 'picture') // '3 pictures' */
export function countOf(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
