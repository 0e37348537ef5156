#!/usr/bin/env node
import { runCommand } from './commands.ts';

/** The `spillway` command: operations on this machine with no cloud, and the models that they use. */
// As a signal would end it, but with what was to be removed at the exit removed.
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));
// Not process.exit(): what stands in a pipe to a slow reader would be lost.
process.exitCode = await runCommand(process.argv.slice(2), process.env);
