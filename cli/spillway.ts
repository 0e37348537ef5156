#!/usr/bin/env node
import { pictureCommands } from './picture-commands.ts';
import { runAsCommand } from './run-as-command.ts';
import { systemCommands } from './system-commands.ts';

/** The `spillway` command: operations on this machine with no cloud, the models that they use, and Spillway itself. */
await runAsCommand([pictureCommands, systemCommands]);
