import type { CommandGroup } from './command-group.ts';
import { runCommand } from './commands.ts';
import { fileProblem } from './file-problem.ts';
import { endAtOnce } from './signals.ts';

/** Runs this process's arguments as a command, with its streams and signals as other programs have them. */
export async function runAsCommand(groups: readonly CommandGroup[]): Promise<void> {
  endAtOnce();
  // If the reader closes the pipe, as `head` does, the command ends silently like other programs.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(141);
    console.error(`Standard output ${fileProblem(error) ?? `cannot be written (${error.message})`}.`);
    process.exit(1);
  });
  process.stderr.on('error', () => {});
  // Not process.exit(): output that a slow reader has not taken yet would be lost.
  process.exitCode = await runCommand(process.argv.slice(2), groups, process.env);
}
