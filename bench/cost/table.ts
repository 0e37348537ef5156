import { countOf, formatShare } from '@spillway/core/amounts.ts';
import { costOfOneJob, type JobCostLine, jobCostLines, thumbnailCostLines } from '@spillway/core/job-cost.ts';
import { operationNames } from '@spillway/core/operations.ts';
import type { BreakEven } from './break-even.ts';
import { mostMissed, type Side, sharesOf } from './compare.ts';
import { parts } from './meters.ts';
import type { CostOptions } from './options.ts';

const firstWidth = 26;
const width = 15;

/** The month as a table: a row for each part, a column for each way. US dollars. */
export function tableOf({ jobsPerDay, region, scenario, tracesSampled }: CostOptions, sides: Side[]): string {
  const shares = sharesOf(scenario).flatMap((share, index) =>
    share > 0 ? [`${formatShare(share)} ${operationNames[index]}`] : [],
  );
  const row = (name: string, cell: (side: Side) => string) =>
    name.padEnd(firstWidth) + sides.map((side) => cell(side).padStart(width)).join('');
  const usd = (dollars: number) => dollars.toFixed(2);
  return [
    `${Math.round(jobsPerDay).toLocaleString('en')} jobs a day (${shares.join(', ')}), ${region}, ${formatShare(tracesSampled)} of the traces kept.`,
    'US dollars a month by the list prices of core/prices.ts:',
    '',
    row('', ({ name }) => name),
    row('', ({ vms }) => countOf(vms, 'VM')),
    ...parts.map((part) => row(part, ({ bill }) => usd(bill.byPart[part]))),
    row('Sum', ({ bill }) => usd(bill.total)),
    row('after what Google gives', ({ bill }) => usd(bill.afterFree)),
    row('Missed their objective', ({ missed }) => formatShare(missed, 2)),
    row('Went to Cloud Run', ({ onRun }) => formatShare(onRun, 1)),
    '',
    `Split: the simulator (simulator/) plays a day with production's router. "Ours" has the VMs that cost least and keep ${formatShare(1 - mostMissed)} of the objectives; "all VMs" the fewest that do.`,
  ].join('\n');
}

/** From when on a VM pays, as a sentence. */
export function breakEvenWords({ jobsPerDay, busy, vmMonth, runPer1000, idleRunMonth }: BreakEven): string {
  const prices = `A VM adds $${vmMonth.toFixed(2)} to the month, and Cloud Run bills $${runPer1000.toFixed(4)} for 1,000 of these jobs. An instance of Cloud Run that is kept warm adds $${idleRunMonth.toFixed(2)}.`;
  const jobs = Math.round(jobsPerDay).toLocaleString('en');
  return busy > 1
    ? `${prices} A VM never pays: it would have to do ${jobs} of them a day, ${busy.toFixed(1)} times as many as it can.`
    : `${prices} A VM pays from ${jobs} jobs a day on, which keep ${formatShare(busy)} of its slots busy.`;
}

/** What a thousand jobs cost outside of VMs and Cloud Run's workers. */
export function jobBillTable(): string {
  const row = (what: string, amount: string, dollars: number) =>
    what.padEnd(firstWidth) + amount.padEnd(width) + (1_000 * dollars).toFixed(4).padStart(width);
  return [
    ''.padEnd(firstWidth) + 'of one job'.padEnd(width) + '$ for 1,000'.padStart(width),
    ...jobCostLines.map(({ what, quantity, unit, dollars }) => row(what, `${quantity} ${unit}`, dollars)),
    row('Sum', '', costOfOneJob),
    '',
    'A visitor’s job has thumbnails. Where one of them is shown, it costs this much more:',
    ...thumbnailCostLines.map(({ what, quantity, unit, dollars }) =>
      row(what, `${quantity} ${unit}`, dollars),
    ),
    row('Sum', '', sumOf(thumbnailCostLines)),
  ].join('\n');
}

function sumOf(lines: readonly JobCostLine[]): number {
  return lines.reduce((sum, { dollars }) => sum + dollars, 0);
}
