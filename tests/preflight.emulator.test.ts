import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { googleStack } from '@spillway/pipeline/testing/google-stack.ts';
import { expect, it, onTestFinished } from 'vitest';

const stack = googleStack();

const emulators = {
  FIRESTORE_EMULATOR_HOST: stack.firestore,
  PUBSUB_EMULATOR_HOST: stack.pubsub,
  STORAGE_EMULATOR_HOST: stack.storage,
};

/** Starts a program in a project that lacks everything but the database and the buckets of uploads. */
async function start(
  entry: string,
  services: Record<string, string> = emulators,
): Promise<{ code: number; errors: string[] }> {
  const folder = await mkdtemp(join(tmpdir(), 'spillway-preflight-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const child = spawn(process.execPath, [fileURLToPath(new URL(`../${entry}`, import.meta.url))], {
    env: {
      PATH: process.env.PATH,
      METADATA_SERVER_DETECTION: 'none',
      ...services,
      SPILLWAY_PROJECT: 'demo-not-set-up',
      SPILLWAY_UPLOADS_BUCKET: stack.buckets.uploads,
      SPILLWAY_WEB_UPLOADS_BUCKET: stack.buckets.webUploads,
      SPILLWAY_RESULTS_BUCKET: 'nobody-made-this',
      SPILLWAY_WORK_DIR: folder,
      SPILLWAY_SLOTS: '1',
      SPILLWAY_SESSION_SECRET: 'a secret of more than thirty-two characters',
      SPILLWAY_ADMIN_TOKEN: 'a token of its own',
      PORT: '0',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [log, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  const lines = log
    .trim()
    .split('\n')
    .map((line): { severity: string; message: string } => JSON.parse(line));
  const errors = lines.filter(({ severity }) => severity === 'ERROR').map(({ message }) => message);
  return { code: Number(code), errors };
}

it.each([
  ['vm-worker/main.ts', 'gcloud pubsub subscriptions create jobs-vm-pull --topic=jobs-vm'],
  ['cloudrun-worker/main.ts', 'gcloud pubsub topics create jobs-dead'],
  ['functions/main.ts', 'gcloud pubsub topics create jobs-vm'],
  ['web/server.ts', 'gcloud pubsub topics create jobs-run'],
])(
  '%s ends with a code and one line that says what is missing, and how to mend it',
  async (entry, command) => {
    const { code, errors } = await start(entry);
    expect(code).toBe(1);
    expect(errors).toEqual([expect.stringContaining(command)]);
    expect(errors[0]).toContain('The bucket nobody-made-this does not exist.');
    expect(errors[0]).toContain('gcloud storage buckets create gs://nobody-made-this');
    expect(errors[0]).not.toContain('\n');
  },
);

it.each(['vm-worker/main.ts', 'cloudrun-worker/main.ts', 'functions/main.ts', 'web/server.ts'])(
  '%s ends with one line where it has no credentials, before Google’s clients end it without one',
  async (entry) => {
    const { code, errors } = await start(entry, { HOME: '/nonexistent' });
    expect(code).toBe(1);
    expect(errors).toEqual([expect.stringContaining('has no credentials for Google Cloud')]);
    expect(errors[0]).toContain('gcloud auth application-default login');
  },
);

it.each(['cloudrun-worker/main.ts', 'functions/main.ts'])(
  '%s ends with one line where there is a metadata server, and it is not said who may call',
  async (entry) => {
    const { 'vm-1': metadataHost = '' } = stack.metadataHosts;
    const { code, errors } = await start(entry, { ...emulators, GCE_METADATA_HOST: metadataHost });
    expect(code).toBe(1);
    expect(errors).toEqual([expect.stringContaining('Set SPILLWAY_CALLER_ACCOUNTS')]);
  },
);
