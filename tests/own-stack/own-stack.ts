import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Stack, startStack } from '@spillway/emulators/stack.ts';
import type { StackOptions } from '@spillway/emulators/stack-options.ts';
import { afterAll, beforeAll, inject } from 'vitest';
import { clientOf, type StackClient } from '../stack-client.ts';

interface OwnStack {
  stack: Stack;
  client: StackClient;
  directory: string;
  /** What it has told the person who started it. */
  said: readonly string[];
}

/**
 * Starts a stack for the tests of one file, on free ports and with data of its own, and removes it after them.
 * @returns What the tests have of it, once they run.
 */
export function ownStack(
  options: Omit<StackOptions, 'engine' | 'reset' | 'directory' | 'fixedPorts' | 'anyPorts'>,
): () => OwnStack {
  let directory: string;
  let stack: Stack;
  let client: StackClient;
  const said: string[] = [];
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'spillway-own-stack-'));
    stack = await startStack(
      { ...options, engine: inject('engine'), reset: true, directory, fixedPorts: {}, anyPorts: true },
      (line) => said.push(line),
    );
    client = clientOf(stack);
  });
  afterAll(async () => {
    await client?.close();
    await stack?.stop();
    await rm(directory, { recursive: true, force: true });
  });
  return () => ({ stack, client, directory, said });
}
