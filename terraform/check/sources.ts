import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the repository. Paths of sources are relative to it. */
export const root = fileURLToPath(new URL('../..', import.meta.url));
/** The folder of the whole system's files. */
const whole = 'terraform';

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

/** The smallest example: what one machine of one's own needs to send pictures to Cloud Run. */
export const oneBox = {
  name: 'one-box',
  folder: 'terraform/examples/one-box',
  values: 'terraform/examples/one-box/example.tfvars',
} as const;

/** What the plan of the smallest example is made of. */
export const readOneBoxSources = (): Source[] => readSources(oneBox.folder, [oneBox.values]);

/**
 * Everything that plans are made of: Terraform's files in a folder, the files that they read, and the choices of variables.
 * In the order of their paths. Without arguments: of the whole system.
 */
export function readSources(folder: string = whole, values: string[] = Object.values(choices)): Source[] {
  const configuration = readdirSync(join(root, folder))
    .filter((name) => /\.(tf|tftpl)$/.test(name))
    .map((name) => readSource(`${folder}/${name}`));
  const read = configuration.flatMap((source) => filesReadBy(source, folder));
  const paths = new Set([...values, ...read]);
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
function filesReadBy({ text }: Source, folder: string): string[] {
  return [...text.matchAll(/\b(?:file|templatefile|filebase64)\(\s*"\$\{path\.module\}\/([^"]+)"/g)].map(
    ([, path = '']) => relative(root, join(root, folder, path)).replaceAll('\\', '/'),
  );
}
