import { readFileSync } from 'node:fs';

const jobFile = new URL('../core/job.ts', import.meta.url);

/** The terms at the head of core/job.ts, as a Markdown list. */
export function jobTerms(): string {
  const [block = ''] = /\/\*\*\n \* # Terms\n[\s\S]*?\*\//.exec(readFileSync(jobFile, 'utf8')) ?? [];
  const lines = block.split('\n').map((line) => line.replace(/^ \* ?/, ''));
  const terms = lines.filter((line) => /^(- |\s{2,}\S)/.test(line));
  return terms.join('\n').replaceAll(/\n\s{2,}/g, ' ');
}
