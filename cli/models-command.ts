import { stat } from 'node:fs/promises';
import { formatBytes } from '@spillway/core/amounts.ts';
import { type ModelKind, modelKinds, nonCommercialModels } from '@spillway/core/models.ts';
import { manifestOf, operationNames } from '@spillway/core/operations.ts';
import { type ModelName, manifest } from '@spillway/models/entries.ts';
import { entryOf, fetchModel } from '@spillway/models/fetch.ts';
import { knownSha256 } from '@spillway/models/file-sum.ts';
import type { FetchProgress, QuantiseCheckpoint } from '@spillway/models/install-types.ts';
import { readInstallation, weightsSha256 } from '@spillway/models/installation.ts';
import { builtInModels } from '@spillway/models/library.ts';
import type { ManifestModel } from '@spillway/models/manifest.ts';
import { verifyModel } from '@spillway/models/verify.ts';
import { startProgressBar } from './progress-bar.ts';
import { type ExitCode, exitCodes, UsageError } from './usage-error.ts';

/** `spillway models list`: all known models, and which of them are installed. */
export async function listModels(folder: string): Promise<ExitCode> {
  const head = ['NAME', 'OPERATION', 'STATE', 'SIZE', 'LICENCE', 'SHA-256'];
  const rows = [head, ...(await builtInRows())];
  for (const entry of manifest) rows.push(await manifestRow(entry, folder));
  const widths = head.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  for (const row of rows) {
    console.log(
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    );
  }
  console.error(`\nFolder: ${folder}\nInstall one: npx spillway models fetch <name>`);
  return exitCodes.done;
}

async function builtInRows(): Promise<string[][]> {
  const rows: string[][] = [];
  for (const kind of modelKinds) {
    const { name, weights } = builtInModels[kind];
    const found = await stat(weights).catch(() => null);
    const state = found ? 'built-in demo model' : 'missing from this copy';
    const sha256 = found ? await knownSha256(weights) : '';
    rows.push([
      name,
      operationsWith(kind),
      state,
      found ? formatBytes(found.size) : '',
      'Apache-2.0',
      sha256,
    ]);
  }
  return rows;
}

async function manifestRow(entry: ManifestModel, folder: string): Promise<string[]> {
  const { name, kind, files } = entry;
  const operation = operationsWith(kind);
  const licence = licenceOf(entry);
  const state = await readInstallation(folder, name);
  switch (state.kind) {
    case 'installed': {
      const bytes = state.installation.files.reduce((sum, file) => sum + file.bytes, 0);
      return [name, operation, 'installed', formatBytes(bytes), licence, weightsSha256(state.installation)];
    }
    case 'absent':
    case 'damaged': {
      const bytes = files.reduce<number | null>((sum, file) => addKnown(sum, file.bytes), 0);
      const size = bytes === null ? '' : formatBytes(bytes);
      return [
        name,
        operation,
        state.kind === 'absent' ? '-' : 'damaged',
        size,
        licence,
        files[0]?.sha256 ?? '',
      ];
    }
    default:
      return state satisfies never;
  }
}

/** The operations that use models of this kind. */
export function operationsWith(kind: ModelKind): string {
  return operationNames.filter((name) => manifestOf(name).model === kind).join(', ');
}

/** The licence with what it forbids, as `models list` shows it. */
function licenceOf({ name, licence }: ManifestModel): string {
  return nonCommercialModels.includes(name) ? `${licence} (not for commercial use)` : licence;
}

function addKnown(sum: number | null, bytes: number | null): number | null {
  return sum === null || bytes === null ? null : sum + bytes;
}

/** `spillway models fetch`. Throws as `fetchModel` does. */
export async function fetchModels(names: string[], folder: string, source: string): Promise<ExitCode> {
  if (names.length === 0) throw new UsageError(`Which model? There are ${allNames()}.`);
  // All names are checked before the first is fetched.
  for (const name of knownNames(names)) {
    if (nonCommercialModels.includes(name)) {
      const entry = entryOf(name);
      console.error(`The licence of ${name} is ${licenceOf(entry)}: ${entry.page}`);
    }
    const bar = startProgressBar(formatBytes);
    const onProgress = (progress: FetchProgress) => showProgress(bar, name, progress);
    try {
      const installation = await fetchModel(name, { folder, source, quantise, onProgress });
      bar.print(`${name} is installed in ${folder} (SHA-256 ${weightsSha256(installation)}).`);
    } finally {
      bar.stop();
    }
  }
  return exitCodes.done;
}

/** Loads the code on demand, because few models are quantised. */
const quantise: QuantiseCheckpoint = async (...how) => {
  const { quantiseCheckpoint } = await import('@spillway/models/blip/quantise.ts');
  await quantiseCheckpoint(...how);
};

function showProgress(
  bar: ReturnType<typeof startProgressBar>,
  name: string,
  { stage, done, total }: FetchProgress,
): void {
  const words = {
    waiting: `${name}, which another process fetches`,
    downloading: name,
    quantising: `${name}: making it smaller`,
  };
  bar.update(done, total ?? Math.max(done, 1), words[stage]);
}

/** `spillway models verify`: checks the named models, or all that are installed. */
export async function verifyModels(names: string[], folder: string): Promise<ExitCode> {
  const chosen = names.length > 0 ? knownNames(names) : manifest.map(({ name }) => name);
  let sound = true;
  let found = 0;
  for (const name of chosen) {
    const verification = await verifyModel(name, folder);
    switch (verification.kind) {
      case 'absent':
        if (names.length > 0) console.log(`${name}: not installed`);
        if (names.length > 0) sound = false;
        break;
      case 'sound':
        found++;
        console.log(`${name}: sound`);
        for (const file of verification.files) console.log(`  ${file.sha256}  ${file.name}`);
        break;
      case 'damaged':
        found++;
        sound = false;
        console.log(verification.problem);
        break;
      default:
        verification satisfies never;
    }
  }
  if (found === 0 && names.length === 0) console.error(`No model is installed in ${folder}.`);
  return sound ? exitCodes.done : exitCodes.failed;
}

function knownNames(names: string[]): ModelName[] {
  return names.map((name) => {
    if (!manifest.some((entry) => entry.name === name)) {
      throw new UsageError(`No model is named "${name}"; there are ${allNames()}.`);
    }
    return entryOf(name).name;
  });
}

function allNames(): string {
  return manifest.map(({ name }) => name).join(', ');
}
