/**
 * The line of something in a file that `terraform fmt` has formatted: every argument and every block begins a line. The
 * parser does not tell lines.
 * @param block The outer block: its kind and its labels.
 * @param path Names of the blocks inside it, and last that of an argument or of a block. Where one is not found, the line
 *   of what is around it. Of several with the same name, the first.
 */
export function lineOf(text: string, block: { kind: string; labels: string[] }, path: string[]): number {
  const lines = text.split('\n');
  const head = `${[block.kind, ...block.labels.map((label) => `"${label}"`)].join(' ')} {`;
  let at = lines.indexOf(head);
  if (at < 0) return 1;
  for (const name of path) {
    const end = endOf(lines, at);
    const isIt = new RegExp(`^\\s*(dynamic "${name}" \\{|${name}( =| \\{))`);
    const found = lines.findIndex((line, index) => index > at && index < end && isIt.test(spaced(line)));
    if (found < 0) break;
    at = found;
  }
  return at + 1;
}

/** A block ends with the first brace that is indented as its head. */
function endOf(lines: string[], at: number): number {
  const indentation = /^\s*/.exec(lines[at] ?? '')?.[0] ?? '';
  const end = lines.findIndex((line, index) => index > at && line === `${indentation}}`);
  return end < 0 ? lines.length : end;
}

/** Without the spaces by which arguments are aligned. */
const spaced = (line: string): string => line.replace(/^(\s*\S+)\s+=/, '$1 =');
