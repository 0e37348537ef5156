import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { baseConfigSchema, parseConfig } from '@spillway/pipeline/config.ts';
import { createPorts } from '@spillway/pipeline/create-ports.ts';
import { silentLog } from '@spillway/pipeline/memory/ports.ts';
import type { AppPorts } from '@spillway/pipeline/ports/ports.ts';
import type { Tracing } from '@spillway/pipeline/ports/tracing.ts';
import { environmentOf, type StackFile } from '@spillway/pipeline/stack-file.ts';
import { onTestFinished } from 'vitest';

/** What the stack's programs have, in a test: its documents, queues and buckets. They are closed when the test ends. */
export function portsOf(stack: StackFile, tracing: Tracing | null = null): Promise<AppPorts> {
  return open(environmentOf(stack), tracing);
}

/** The same with documents and queues of their own, which have nothing yet. */
export async function emptyPortsOf(stack: StackFile): Promise<AppPorts> {
  return open({ ...environmentOf(stack), ...(await emptyPlaceOf(stack)) }, null);
}

/** Where nobody has written anything yet. */
async function emptyPlaceOf({ engine }: StackFile): Promise<Record<string, string>> {
  switch (engine) {
    case 'google':
      return { SPILLWAY_PROJECT: `demo-empty-${randomUUID().slice(0, 8)}` };
    case 'embedded': {
      const folder = await mkdtemp(join(tmpdir(), 'spillway-empty-'));
      onTestFinished(() => rm(folder, { recursive: true, force: true }));
      return { SPILLWAY_DATABASE: join(folder, 'spillway.db') };
    }
    default:
      return engine satisfies never;
  }
}

async function open(environment: Record<string, string>, tracing: Tracing | null): Promise<AppPorts> {
  // Google's clients read the addresses of emulators from here.
  Object.assign(process.env, environment);
  const ports = await createPorts(parseConfig(baseConfigSchema, environment), silentLog, 'calls', tracing);
  onTestFinished(() => ports.close());
  return ports;
}
