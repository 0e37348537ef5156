import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the repository. Paths of sources are relative to it. */
export const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = 'terraform';

/** A file that a plan is made of. */
export interface Source {
  /** From the repository's folder, with slashes. */
  path: string;
  text: string;
}

/** Values for plans. Each is one choice of variables whose plan the policies read. */
export const choices = {
  /** What a reader of the README begins with. */
  example: 'terraform/example.tfvars',
  /** The other side of every choice: a key of one's own, Spot VMs, nothing kept. */
  other: 'terraform/check/other-choices.tfvars',
} as const;
export type Choice = keyof typeof choices;
export const choiceNames = Object.keys(choices) as Choice[];

/**
 * Everything that plans are made of: Terraform's files, the files that they read, and the choices of variables. In the
 * order of their paths.
 */
export function readSources(): Source[] {
  const configuration = readdirSync(join(root, folder))
    .filter((name) => /\.(tf|tftpl)$/.test(name))
    .map((name) => readSource(`${folder}/${name}`));
  const paths = new Set([...Object.values(choices), ...configuration.flatMap(filesReadBy)]);
  for (const { path } of configuration) paths.delete(path);
  return [...configuration, ...[...paths].map(readSource)].sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** A digest of names and contents. Line ends do not count, because Git may change them. */
export function digestOf(sources: readonly Source[]): string {
  const hash = createHash('sha256');
  for (const { path, text } of sources) hash.update(JSON.stringify([path, text.replaceAll('\r\n', '\n')]));
  return hash.digest('hex');
}

function readSource(path: string): Source {
  return { path, text: readFileSync(join(root, path), 'utf8') };
}

/** What `file("${path.module}/…")` and its like name. */
function filesReadBy({ text }: Source): string[] {
  return [...text.matchAll(/\b(?:file|templatefile|filebase64)\(\s*"\$\{path\.module\}\/([^"]+)"/g)].map(
    ([, path = '']) => relative(root, join(root, folder, path)).replaceAll('\\', '/'),
  );
}
