import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { z } from 'zod';

/** What the process in a container says about itself. */
const insideSchema = z.object({ uid: z.number(), firstProcess: z.string(), writing: z.string() });
type Inside = z.infer<typeof insideSchema>;

/** Asks who the account is, what runs as process 1, and what comes of writing beside the program. */
const askInside = `
  const { readlinkSync, writeFileSync } = require('node:fs');
  let writing = 'allowed';
  try { writeFileSync('/app/written', ''); } catch (error) { writing = error.code; }
  console.log(JSON.stringify({ uid: process.getuid(), firstProcess: readlinkSync('/proc/1/exe'), writing }));
`;

/** A container on this machine's own network, with a root file system that nobody can write to. */
export interface Container {
  inside(): Promise<Inside>;
  /** Sends SIGTERM, waits for as long as a Spot VM has, and returns the exit code. */
  stop(): Promise<number>;
  log(): Promise<string>;
  remove(): Promise<void>;
}

export async function docker(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('docker', args, { maxBuffer: 64 * 1_024 * 1_024 });
  return stdout.trim();
}

/** Starts an image as it is meant to run. Of the file system only `/tmp` is writable. */
export async function startContainer(image: string, environment: Record<string, string>): Promise<Container> {
  const variables = Object.entries(environment).map(([name, value]) => `--env=${name}=${value}`);
  const confined = ['--read-only', '--tmpfs=/tmp', '--cap-drop=ALL', '--security-opt=no-new-privileges'];
  const id = await docker('run', '--detach', '--network=host', ...confined, ...variables, image);
  return {
    async inside() {
      return insideSchema.parse(JSON.parse(await docker('exec', id, 'node', '--eval', askInside)));
    },
    async stop() {
      await docker('stop', '-t', '28', id);
      return Number(await docker('inspect', '--format={{.State.ExitCode}}', id));
    },
    async log() {
      const { stdout, stderr } = await promisify(execFile)('docker', ['logs', '--tail', '50', id]);
      return `${stdout}${stderr}`;
    },
    async remove() {
      await docker('rm', '--force', id);
    },
  };
}

/** Bytes of an image, its base included. */
export async function imageBytes(image: string): Promise<number> {
  return Number(await docker('image', 'inspect', '--format={{.Size}}', image));
}
