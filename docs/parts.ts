import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cruise } from 'dependency-cruiser';
import extractOptions from 'dependency-cruiser/config-utl/extract-depcruise-options';

const root = fileURLToPath(new URL('..', import.meta.url));

/** The parts of Spillway, from what is imported by everybody to what imports. */
const groups: Record<string, string[]> = {
  'pure logic': ['core'],
  'use cases and native code': ['plugins', 'pipeline', 'models', 'processing'],
  programs: [
    'storage-server',
    'supervisor',
    'functions',
    'worker',
    'vm-worker',
    'cloudrun-worker',
    'spill',
    'serve',
    'web',
    'cli',
  ],
  'for development': ['emulators', 'simulator', 'bench', 'tests', 'release'],
};
const parts = Object.values(groups).flat();

/**
 * Which part imports which, as a Mermaid diagram, read from the imports themselves. Tests are left out, and so is an
 * arrow where other arrows lead to the same part.
 */
export async function partsDiagram(): Promise<string> {
  const arrows = withoutShortcuts(await importsBetweenParts());
  const boxes = Object.entries(groups).flatMap(([title, names]) => [
    `  subgraph ${names[0]}-group ["${title}"]`,
    ...names.map((name) => `    ${name}`),
    '  end',
  ]);
  return ['flowchart TB', ...boxes, ...arrows.map(([from, to]) => `  ${from} --> ${to}`)].join('\n');
}

type Arrow = readonly [from: string, to: string];

async function importsBetweenParts(): Promise<Arrow[]> {
  const options = await extractOptions(join(root, '.dependency-cruiser.js'));
  const exclude = { path: '(^|/)(dist|[.]astro|[.]local)/|[.]test[.]tsx?$|/testing/' };
  const { output } = await cruise(parts, { ...options, exclude, baseDir: root });
  if (typeof output === 'string')
    throw new Error('dependency-cruiser answered with a report, not with modules.');
  const arrows = new Map<string, Arrow>();
  for (const { source, dependencies } of output.modules) {
    for (const { resolved } of dependencies) {
      const [from, to] = [partOf(source), partOf(resolved)];
      if (from !== to && parts.includes(from) && parts.includes(to)) arrows.set(`${from} ${to}`, [from, to]);
    }
  }
  return [...arrows.values()].sort(([from, to], [otherFrom, otherTo]) =>
    `${from} ${to}`.localeCompare(`${otherFrom} ${otherTo}`),
  );
}

function partOf(path: string): string {
  return path.split('/')[0] ?? '';
}

/** Keeps an arrow only if no longer way leads from its beginning to its end. */
function withoutShortcuts(arrows: Arrow[]): Arrow[] {
  const reachedFrom = (start: string): Set<string> => {
    const reached = new Set<string>();
    const visit = (part: string): void => {
      for (const [from, to] of arrows) {
        if (from !== part || reached.has(to)) continue;
        reached.add(to);
        visit(to);
      }
    };
    visit(start);
    return reached;
  };
  return arrows.filter(
    ([from, to]) =>
      !arrows.some(([start, between]) => start === from && between !== to && reachedFrom(between).has(to)),
  );
}
