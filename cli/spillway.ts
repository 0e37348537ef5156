#!/usr/bin/env node
import { runCommand } from './commands.ts';
import { fileProblem } from './file-problem.ts';

/** The `spillway` command: operations on this machine with no cloud, and the models that they use. */
// The exit codes are those of the signals. `process.exit` removes temporary files first.
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));
// If the reader closes the pipe, as `head` does, the command ends silently like other programs.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(141);
  console.error(`Standard output ${fileProblem(error) ?? `cannot be written (${error.message})`}.`);
  process.exit(1);
});
process.stderr.on('error', () => {});
// Not process.exit(): output that a slow reader has not taken yet would be lost.
process.exitCode = await runCommand(process.argv.slice(2), process.env);
