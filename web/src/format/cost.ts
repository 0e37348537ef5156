/** An amount in dollars, to the cent; what is less than a cent, to two digits. */
export function formatDollars(dollars: number): string {
  if (dollars <= 0) return '$0';
  return dollars < 0.00995 ? `$${Number(dollars.toPrecision(2))}` : `$${dollars.toFixed(2)}`;
}

/** The cost of a thousand jobs like this one, in dollars: that of a single one is a fraction of a cent. */
export function formatCost(dollars: number): string {
  if (dollars <= 0) return 'nothing';
  const thousand = dollars * 1_000;
  return `$${thousand.toFixed(thousand < 0.995 ? 3 : 2)} / 1,000`;
}
