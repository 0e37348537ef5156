import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { currentDocuments } from './diagrams.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
/** Folders that git ignores. There may be no git, as where the sources were unpacked from an archive. */
const ignored = readFileSync(join(root, '.gitignore'), 'utf8')
  .split('\n')
  .filter((line) => line.endsWith('/'))
  .map((line) => line.slice(0, -1));
const documents = globSync(['**/*.md', '.{changeset,github}/**/*.md'], {
  cwd: root,
  exclude: (path) => ignored.includes(basename(path)),
});

interface Link {
  text: string;
  path: string;
  anchor: string;
}

/** Links to places in this repository, outside of code. */
function linksOf(markdown: string): Link[] {
  const prose = markdown.replaceAll(/^```[\s\S]*?^```/gm, '').replaceAll(/`[^`\n]*`/g, 'code');
  return [...prose.matchAll(/\]\(([^)\s]+)(?: "[^"]*")?\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^(https?|mailto):/.test(target))
    .map((text) => {
      const [path = '', anchor = ''] = text.split('#');
      return { text, path, anchor };
    });
}

/** The addresses of headings, as GitHub makes them. */
function anchorsOf(markdown: string): string[] {
  const headings = markdown.replaceAll(/^```[\s\S]*?^```/gm, '').matchAll(/^#{1,6} (.+)$/gm);
  return [...headings].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

it.each(documents)('every link in %s leads somewhere', (path) => {
  const markdown = readFileSync(join(root, path), 'utf8');
  const broken = linksOf(markdown).filter(({ path: target, anchor }) => {
    const file = target === '' ? join(root, path) : join(root, dirname(path), target);
    if (relative(root, file).startsWith('..') || !existsSync(file)) return true;
    return anchor !== '' && !anchorsOf(readFileSync(file, 'utf8')).includes(anchor);
  });
  expect(broken.map(({ text }) => text)).toEqual([]);
});

it('pictures and tables that are made from the code are up to date: npm run diagrams', async () => {
  const outdated = (await currentDocuments()).filter(({ outdated }) => outdated);
  expect(outdated.map(({ path }) => basename(path.pathname))).toEqual([]);
});

it('the glossary has each term once', () => {
  const glossary = readFileSync(join(root, 'docs/glossary.md'), 'utf8');
  const terms = [...glossary.matchAll(/^- \*\*([^*]+)\*\*/gm)].map(([, term = '']) => term);
  expect(terms.length).toBeGreaterThan(60);
  expect(terms.filter((term, index) => terms.indexOf(term) !== index)).toEqual([]);
});

it('every decision is in the list of decisions', () => {
  const list = readFileSync(join(root, 'docs/decisions/README.md'), 'utf8');
  const records = documents.filter((path) => /^docs\/decisions\/(?!README)/.test(path));
  expect(records.filter((path) => !list.includes(`(${basename(path)})`))).toEqual([]);
});

describe('the walk through one job in CONTRIBUTING.md', () => {
  const section = readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8')
    .split('## Follow one job')[1]
    ?.split('\n## ')[0];
  const steps = [...(section ?? '').matchAll(/^\| (↩ )?.*\| `(\w+)` \| \[[^\]]*\]\(([^)]+)\) \|$/gm)].map(
    ([, back, name = '', path = '']) => ({ returns: back !== undefined, name, path }),
  );

  it('opens at most 30 files, and comes back to at most 6', () => {
    expect(new Set(steps.map(({ path }) => path)).size).toBeLessThanOrEqual(30);
    const seen = new Set<string>();
    const returns = steps.map(({ path }) => {
      const again = seen.has(path);
      seen.add(path);
      return again;
    });
    expect(steps.map(({ returns }) => returns)).toEqual(returns);
    expect(returns.filter(Boolean).length).toBeLessThanOrEqual(6);
    expect(steps.length).toBeGreaterThan(20);
  });

  it.each(steps)('finds $name in $path', ({ name, path }) => {
    const source = readFileSync(join(root, path), 'utf8');
    expect(source).toMatch(new RegExp(`(function\\*?|const|interface) ${name}\\b`));
  });
});
