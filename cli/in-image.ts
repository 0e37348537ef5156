import { pictureCommands } from './picture-commands.ts';
import { runAsCommand } from './run-as-command.ts';

/** The `spillway` command of a worker's image, which fetches models with it: it has no other program of Spillway's. */
await runAsCommand([pictureCommands]);
