import type { CaseOutcome, Ending } from './run-cases.ts';

/** What became of many cases, as a person wants to read it. */
export function summarize(outcomes: CaseOutcome[]): string {
  const of = (kind: Ending['kind']) => outcomes.filter(({ ending }) => ending.kind === kind);
  const lines = [
    `files      ${new Set(outcomes.map(({ file }) => file)).size}`,
    `cases      ${outcomes.length}`,
    `results    ${of('result').length}`,
    `refusals   ${of('refused').length}`,
    ...refusalsByCode(outcomes).map(([code, count]) => `  ${code.padEnd(20)} ${count}`),
    `timeouts   ${of('timeout').length}`,
    `memory     ${of('out_of_memory').length} over the limit`,
    `deaths     ${of('died').length}`,
    `internal   ${of('internal').length}`,
    '',
    'slowest',
    ...slowest(outcomes, 10).map(
      (one) => `  ${(one.ms / 1_000).toFixed(2).padStart(6)} s  ${one.operation.padEnd(18)} ${one.file}`,
    ),
    '',
  ];
  const largest = outcomes.reduce<CaseOutcome | null>(
    (most, one) => ((one.peakBytes ?? 0) > (most?.peakBytes ?? 0) ? one : most),
    null,
  );
  if (largest?.peakBytes) {
    lines.push(
      `largest memory  ${Math.round(largest.peakBytes / 1e6)} MB  ${largest.operation} ${largest.file}`,
    );
  }
  return lines.join('\n');
}

/** What may not be, whatever the files: each with its reason. */
export function defects(outcomes: CaseOutcome[]): string[] {
  return outcomes.flatMap(({ file, operation, ending }) => {
    switch (ending.kind) {
      case 'result':
      case 'refused':
        return [];
      case 'timeout':
      case 'out_of_memory':
        return [`${ending.kind}: ${operation} ${file}`];
      case 'died':
      case 'internal':
        return [`${ending.kind}: ${operation} ${file}: ${ending.detail}`];
      default:
        return ending satisfies never;
    }
  });
}

function refusalsByCode(outcomes: CaseOutcome[]): [string, number][] {
  const counts = new Map<string, number>();
  for (const { ending } of outcomes) {
    if (ending.kind === 'refused') counts.set(ending.code, (counts.get(ending.code) ?? 0) + 1);
  }
  return [...counts].sort(([, a], [, b]) => b - a);
}

function slowest(outcomes: CaseOutcome[], count: number): CaseOutcome[] {
  return outcomes.toSorted((a, b) => b.ms - a.ms).slice(0, count);
}
