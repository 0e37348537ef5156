#!/usr/bin/env node
import { runCommand } from './commands.ts';
import { fileProblem } from './file-problem.ts';

/** The `spillway` command: operations on this machine with no cloud, and the models that they use. */
// As a signal would end it, but with what was to be removed at the exit removed.
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));
// A reader that has gone, such as `head`, ends the command without a word, as it ends others.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(141);
  console.error(`Standard output ${fileProblem(error) ?? `cannot be written (${error.message})`}.`);
  process.exit(1);
});
process.stderr.on('error', () => {});
// Not process.exit(): what stands in a pipe to a slow reader would be lost.
process.exitCode = await runCommand(process.argv.slice(2), process.env);
