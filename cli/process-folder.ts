import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { printable, printableJson } from './arguments.ts';
import { fileProblem } from './file-problem.ts';
import { describeLeftOut, type FolderListing, listFolder } from './folder.ts';
import type { Input } from './input.ts';
import { type FileOutcome, openFileProcessor } from './process-files.ts';
import type { Task } from './process-task.ts';
import { startProgressBar } from './progress-bar.ts';
import { describeFailure, jsonOf, noteBuiltIn, tellNotes, textOf } from './report.ts';
import { destinationsOf } from './result-target.ts';
import { type ExitCode, exitCodes, UsageError } from './usage-error.ts';

interface FolderTask extends Task {
  input: Extract<Input, { kind: 'folder' }>;
}

/**
 * Runs an operation on every picture of a folder. Continues after pictures that fail.
 * @throws UsageError if there is nothing to do.
 */
export async function processFolder(task: FolderTask): Promise<ExitCode> {
  const { operation, input, out } = task;
  const root = input.path;
  const listing = await listFolder(root, task.recursive, out.kind === 'folder' ? out.path : null);
  for (const line of describeLeftOut(listing)) console.error(printable(line));
  const { pictures } = listing;
  if (pictures.length + listing.unreadable.length === 0) throw new UsageError(`No pictures are in ${root}.`);
  if (out.kind === 'folder') await makeFolder(out.path);
  const names = pictures.map(({ path }) => path);
  const destinations = destinationsOf(root, names, operation, out);
  const inputs = new Set(pictures.map(({ identity }) => identity));
  const processor = await openFileProcessor(operation, task.options, task.models, inputs);
  try {
    // All are started at once, and the processor runs one for each of its children.
    const runs = names.map((name, index) =>
      processor.run({ kind: 'file', path: join(root, name) }, destinations[index] ?? { kind: 'nowhere' }),
    );
    return await report(task, [...entriesOf(names, runs), ...unreadableEntries(listing)].sort(byName));
  } finally {
    await processor.close();
  }
}

async function makeFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true }).catch((error: unknown) => {
    throw new UsageError(`The folder ${path} cannot be made: it ${fileProblem(error) ?? error}.`);
  });
}

interface Entry {
  name: string;
  outcome: Promise<FileOutcome>;
}

function entriesOf(names: readonly string[], runs: readonly Promise<FileOutcome>[]): Entry[] {
  return runs.map((outcome, index) => ({ name: names[index] ?? '', outcome }));
}

function unreadableEntries({ unreadable }: FolderListing): Entry[] {
  return unreadable.map(({ path, message }) => ({
    name: path,
    outcome: Promise.resolve({ kind: 'failed', code: 'unreadable_input', message }),
  }));
}

function byName(a: Entry, b: Entry): number {
  return a.name < b.name ? -1 : Number(a.name > b.name);
}

async function report(task: FolderTask, entries: readonly Entry[]): Promise<ExitCode> {
  const bar = startProgressBar(String);
  const outcomes: FileOutcome[] = [];
  for (const [index, { name, outcome: run }] of entries.entries()) {
    bar.update(index, entries.length, printable(name));
    const outcome = await run;
    outcomes.push(outcome);
    const path = join(task.input.path, name);
    bar.print(task.json ? printableJson(jsonOf(outcome, path)) : lineOf(path, outcome));
    tellNotes(path, outcome);
  }
  bar.stop();
  const failed = outcomes.filter(({ kind }) => kind === 'failed').length;
  const files = `${entries.length} ${entries.length === 1 ? 'picture' : 'pictures'}`;
  console.error(failed === 0 ? `${files} done.` : `${files}, of which ${failed} failed.`);
  noteBuiltIn(outcomes);
  return failed === 0 ? exitCodes.done : exitCodes.failed;
}

function lineOf(path: string, outcome: FileOutcome): string {
  return outcome.kind === 'failed'
    ? describeFailure(path, outcome)
    : `${printable(path)}: ${textOf(outcome) ?? ''}`;
}
