import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { breakEvenOf } from './break-even.ts';
import { readOptions } from './options.ts';

/** The table of docs/cost.md: mix, Cloud Run's dollars for 1,000 jobs, jobs a day, share of the VM's time. */
const row = /^\| `([\w=.,-]+)` \| ([\d.]+) \| ([\d,]+) \| (\d+) % \|$/gm;

test('docs/cost.md has the break-even that the command prints', () => {
  const document = readFileSync(new URL('../../docs/cost.md', import.meta.url), 'utf8');
  const rows = [...document.matchAll(row)];
  expect(rows.length).toBeGreaterThan(3);
  for (const [, mix = '', runPer1000, jobsPerDay, busy] of rows) {
    const options = readOptions(['--break-even', '--mix', mix]);
    if (!options) throw new Error('No help was asked for.');
    const found = breakEvenOf(options.scenario);
    expect(
      [
        found.runPer1000.toFixed(4),
        Math.round(found.jobsPerDay).toLocaleString('en'),
        (100 * found.busy).toFixed(),
      ],
      `npm run -s cost -- --break-even --mix ${mix}`,
    ).toEqual([runPer1000, jobsPerDay, busy]);
  }
});
