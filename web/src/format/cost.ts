/** The cost of a thousand jobs like this one, in dollars: that of a single one is a fraction of a cent. */
export function formatCost(dollars: number): string {
  if (dollars <= 0) return 'nothing';
  const thousand = dollars * 1_000;
  return `$${thousand.toFixed(thousand < 0.995 ? 3 : 2)} / 1,000`;
}
