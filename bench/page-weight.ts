import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'astro';
import { type PageWeight, pageWeights, type ScriptFile, sumOf } from './page-weights.ts';

/** Parts that are listed of the largest file. */
const partsShown = 15;

/** A part of a file, and its share of the file's code before it is made small. */
interface Part {
  name: string;
  share: number;
}

/** Builds the site, and says how much JavaScript each page loads, by brotli, and what the largest file is made of. */
export async function pageWeight({ json }: { json: boolean }): Promise<void> {
  const dist = await mkdtemp(join(tmpdir(), 'spillway-page-weight-'));
  try {
    const modules = await buildSite(dist);
    const weights = await pageWeights(dist);
    const largest = weights
      .flatMap(({ initial, lazy }) => [...initial, ...lazy])
      .sort((a, b) => b.bytes - a.bytes)[0];
    const parts = partsOf(modules.get(largest?.name ?? '') ?? new Map());
    console.log(
      json ? JSON.stringify({ pages: weights, largest, parts }, null, 2) : tableOf(weights, largest, parts),
    );
  } finally {
    await rm(dist, { recursive: true });
  }
}

/** Builds the site into a folder, and returns the modules of each file with the length of their code. */
async function buildSite(dist: string): Promise<Map<string, Map<string, number>>> {
  const files = new Map<string, Map<string, number>>();
  await build({
    root: fileURLToPath(new URL('../web', import.meta.url)),
    outDir: dist,
    logLevel: 'error',
    vite: {
      plugins: [
        {
          name: 'page-weight',
          applyToEnvironment: ({ name }) => name === 'client',
          generateBundle(_options, bundle) {
            for (const chunk of Object.values(bundle)) {
              if (chunk.type !== 'chunk') continue;
              const lengths = Object.entries(chunk.modules).map(
                ([id, { renderedLength }]) => [id, renderedLength] as const,
              );
              files.set(chunk.fileName.replace('_astro/', ''), new Map(lengths));
            }
          },
        },
      ],
    },
  });
  return files;
}

/** Packages count as one part; of our own code, each file does. */
function partsOf(modules: ReadonlyMap<string, number>): Part[] {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const total = [...modules.values()].reduce((sum, length) => sum + length, 0);
  const named = Map.groupBy(
    modules,
    ([id]) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(id)?.[1] ?? id.replace(root, ''),
  );
  return [...named]
    .map(([name, each]) => ({ name, share: each.reduce((sum, [, length]) => sum + length, 0) / total }))
    .sort((a, b) => b.share - a.share);
}

function tableOf(
  weights: readonly PageWeight[],
  largest: ScriptFile | undefined,
  parts: readonly Part[],
): string {
  const rows = weights.map(
    ({ page, initial, lazy }) =>
      `| ${page} | ${kilobytes(sumOf(initial))} | ${kilobytes(sumOf(lazy))} | ${lazy.map(({ name, bytes }) => `${name} ${kilobytes(bytes)}`).join(', ') || '–'} |`,
  );
  const shown = parts
    .slice(0, partsShown)
    .map(({ name, share }) => `  ${(share * 100).toFixed(1).padStart(5)} %  ${name}`);
  return [
    '| page | JavaScript at once, kB by brotli | later | files of later |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
    ...(largest ? [`The largest file is ${largest.name}, ${kilobytes(largest.bytes)} kB:`, ...shown] : []),
  ].join('\n');
}

function kilobytes(bytes: number): string {
  return (bytes / 1_000).toFixed(1);
}
