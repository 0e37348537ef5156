import { readFile, writeFile } from 'node:fs/promises';
import { cloudDiagram, dataTable, rightsTable, rolesTable } from './cloud.ts';
import { jobStatesDiagram, transitionsTable } from './job-states.ts';
import { cloudNamesTable, labelsTable, metricsTable } from './metrics.ts';
import { partsDiagram } from './parts.ts';
import { jobTerms } from './terms.ts';

/** `npm run diagrams` writes what documents say of the code, between the marks `<!-- name -->` and `<!-- end -->`. */
const documents: Record<string, Record<string, () => string | Promise<string>>> = {
  'architecture.md': {
    parts: async () => mermaid(await partsDiagram()),
    cloud: () => mermaid(cloudDiagram()),
    'cloud data': dataTable,
    'job states': () => mermaid(jobStatesDiagram()),
    transitions: transitionsTable,
  },
  'security.md': { rights: rightsTable, roles: rolesTable },
  'metrics.md': {
    'metrics of a process': () => metricsTable('process'),
    'metrics of the system': () => metricsTable('system'),
    'labels of metrics': labelsTable,
    'metrics in Cloud Monitoring': cloudNamesTable,
  },
  'glossary.md': { 'terms of core/job.ts': jobTerms },
};

function mermaid(diagram: string): string {
  return `\`\`\`mermaid\n${diagram}\n\`\`\``;
}

interface Written {
  path: URL;
  text: string;
  /** Whether the file differs from `text`. */
  outdated: boolean;
}

/** What each document should be now. */
export async function currentDocuments(): Promise<Written[]> {
  return await Promise.all(
    Object.entries(documents).map(async ([name, sections]) => {
      const path = new URL(name, import.meta.url);
      const before = await readFile(path, 'utf8');
      let text = before;
      for (const [mark, content] of Object.entries(sections)) text = filled(text, mark, await content());
      return { path, text, outdated: text !== before };
    }),
  );
}

/** @throws Error where the marks are missing. */
function filled(text: string, mark: string, content: string): string {
  const begin = `<!-- ${mark} -->\n`;
  const end = '\n<!-- end -->';
  const from = text.indexOf(begin);
  const to = text.indexOf(end, from);
  if (from === -1 || to === -1) throw new Error(`The marks of "${mark}" are missing.`);
  return text.slice(0, from + begin.length) + content + text.slice(to);
}

if (import.meta.main) {
  for (const { path, text } of await currentDocuments()) await writeFile(path, text);
}
