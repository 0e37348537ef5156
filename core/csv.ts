/**
 * Cells that a spreadsheet would run as a formula begin with one of these. The last four are full-width forms of the first
 * four. An apostrophe before them makes them text.
 * @see https://owasp.org/www-community/attacks/CSV_Injection
 */
const runsAsFormula = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/;

/** One line of a CSV file, with its line break. @see https://www.rfc-editor.org/rfc/rfc4180 */
export function csvLine(cells: readonly (string | number | boolean | Date | null | undefined)[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`;
}

function csvCell(value: string | number | boolean | Date | null | undefined): string {
  if (value === null || value === undefined) return '';
  if (value instanceof Date) return value.toISOString();
  if (typeof value !== 'string') return String(value);
  const safe = runsAsFormula.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
