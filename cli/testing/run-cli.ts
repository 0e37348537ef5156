import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished, vi } from 'vitest';
import { runCommand } from '../commands.ts';
import { pictureCommands } from '../picture-commands.ts';
import { systemCommands } from '../system-commands.ts';

export interface CliRun {
  code: number;
  /** Lines of standard output. */
  lines: string[];
  stderr: string;
}

/** Runs the command in this process, with its own folder of models and no source to fetch from. */
export async function runCli(args: string[], modelsFolder: string): Promise<CliRun> {
  const printed: string[] = [];
  const told: string[] = [];
  const spies = [
    vi.spyOn(console, 'log').mockImplementation((line) => void printed.push(String(line))),
    vi.spyOn(console, 'info').mockImplementation((line) => void printed.push(String(line))),
    vi.spyOn(console, 'error').mockImplementation((line) => void told.push(String(line))),
  ];
  const environment = { SPILLWAY_MODELS_DIR: modelsFolder, SPILLWAY_MODELS_SOURCE: 'none' };
  try {
    const code = await runCommand(args, [pictureCommands, systemCommands], environment);
    return { code, lines: printed.join('\n').split('\n').filter(Boolean), stderr: told.join('\n') };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

export async function emptyFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'spillway-cli-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
