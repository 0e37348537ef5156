import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const readmePath = fileURLToPath(new URL('./README.md', import.meta.url));
const update = 'UPDATE_README=1 npx vitest run storage-server --no-file-parallelism';

interface Row {
  capability: string;
  how: string;
}

/** Registers a test for a capability; `how` says by what means it is checked, for the table in the README. */
type CheckCapability = (capability: string, how: string, check: () => Promise<void>) => void;

/**
 * A section of the conformance table: the capabilities that `define` registers become tests, and those which passed
 * become rows. A last test fails unless the README shows exactly these rows; with UPDATE_README=1 it writes them.
 */
export function conformanceSection(title: string, define: (check: CheckCapability) => void): void {
  const passed: Row[] = [];
  let registered = 0;
  describe(title, () => {
    define((capability, how, check) => {
      registered += 1;
      test(capability, async () => {
        await check();
        passed.push({ capability, how });
      });
    });
    test('the table in the README shows these capabilities', ({ skip }) => {
      // A filtered or failing run knows too little to say what the table must be.
      if (passed.length < registered) skip('not every capability was checked in this run');
      const readme = readFileSync(readmePath, 'utf8');
      const updated = withSection(readme, title, passed);
      if (process.env.UPDATE_README === '1') writeFileSync(readmePath, updated);
      else expect(readme, `The conformance table is out of date. Update it with: ${update}`).toBe(updated);
    });
  });
}

function withSection(readme: string, title: string, rows: Row[]): string {
  const begin = `<!-- conformance: ${title} -->`;
  const end = '<!-- end -->';
  const from = readme.indexOf(begin);
  const to = readme.indexOf(end, from);
  if (from < 0 || to < 0) throw new Error(`README.md has no section between '${begin}' and '${end}'.`);
  const lines = [{ capability: 'Capability', how: 'Checked with' }, ...rows];
  const [width, otherWidth] = [
    Math.max(...lines.map(({ capability }) => capability.length)),
    Math.max(...lines.map(({ how }) => how.length)),
  ];
  // Aligned, as the formatter would have it.
  const cells = lines.map(
    ({ capability, how }) => `| ${capability.padEnd(width)} | ${how.padEnd(otherWidth)} |`,
  );
  const table = [
    `**${title}**`,
    '',
    ...cells.toSpliced(1, 0, `| ${'-'.repeat(width)} | ${'-'.repeat(otherWidth)} |`),
  ];
  return `${readme.slice(0, from)}${begin}\n${table.join('\n')}\n${readme.slice(to)}`;
}
