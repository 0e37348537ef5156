import { claimFirstInLine, claimInTurn } from '@spillway/pipeline/take-turn.ts';
import { type LineFigures, playLine, type WayToClaim } from './world.ts';

const slotsPerVm = 4;
const claimsPerSlot = 30;

const ways: Record<string, WayToClaim> = {
  production: { inTurn: claimInTurn, firstInLine: claimFirstInLine },
};

/**
 * Has VMs work on one line in virtual time, with the production code on the database in memory, some milliseconds away.
 * `values`: `query`, `get` and `write` are medians in milliseconds, `spread` is the sigma of their lognormal distribution,
 * `slots` and `jobs` (milliseconds) are lists of sizes, separated by commas. With `load`, such as 0.9, jobs arrive at random;
 * without it all of them wait from the start.
 */
export async function line({ json, values }: { json: boolean; values: Map<string, string> }): Promise<void> {
  const number = (name: string, usual: number) => Number(values.get(name) ?? usual);
  const list = (name: string, usual: string) => (values.get(name) ?? usual).split(',').map(Number);
  const delay = (name: string, usual: number) => ({
    medianMs: number(name, usual),
    sigma: number('spread', 0.2),
  });
  const latency = { query: delay('query', 20), get: delay('get', 10), write: delay('write', 30) };
  const load = values.has('load') ? number('load', 1) : null;
  const reports = Object.entries(ways).flatMap(([way, claims]) =>
    list('jobs', '400,30').flatMap((jobMs) =>
      list('slots', '2,8,16,32,64,128').map((slots) => {
        const scenario = { slots, slotsPerVm, jobMs, latency, load, claimsPerSlot, seed: number('seed', 1) };
        const figures = playLine(scenario, claims);
        if (!json) console.log(sentence(way, figures));
        return { way, ...figures };
      }),
    ),
  );
  if (json) console.log(JSON.stringify({ latency, slotsPerVm, lines: reports }, null, 2));
}

function sentence(way: string, figures: LineFigures): string {
  const {
    slots,
    jobMs,
    claimsPerSecond,
    shareOfIdeal,
    readsPerClaim,
    triedWritesPerClaim,
    overtaking,
    waitMs,
  } = figures;
  return [
    `${way}: ${slots} slots, jobs of ${jobMs} ms: ${claimsPerSecond.toFixed(1)} claims a second`,
    `(${(100 * shareOfIdeal).toFixed(0)} % of ideal), ${readsPerClaim.toFixed(2)} reads and`,
    `${triedWritesPerClaim.toFixed(2)} tried writes a claim; overtakes ${overtaking.mean.toFixed(1)} places on average,`,
    `${overtaking.largest} at most, and the slowest lets ${overtaking.mostLetPass} pass; held twice: ${figures.heldTwice}.`,
    ...(waitMs
      ? [`A job waits ${waitMs.mean.toFixed(0)} ms on average, p99 ${waitMs.p99.toFixed(0)} ms.`]
      : []),
  ].join(' ');
}
