import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { anyPort } from '@spillway/emulators/choose-ports.ts';
import { readStackFile, type StackFile } from '@spillway/pipeline/stack-file.ts';
import { descendants } from '@spillway/supervisor/processes.ts';

const entry = fileURLToPath(new URL('../../emulators/start.ts', import.meta.url));

/** `npm start`'s program as a process of its own, on free ports, with data of its own. */
export class Launcher {
  readonly directory: string;
  output = '';
  #child: ChildProcess | null = null;

  private constructor(directory: string) {
    this.directory = directory;
  }

  static async create(): Promise<Launcher> {
    return new Launcher(await mkdtemp(join(tmpdir(), 'spillway-own-')));
  }

  /** Starts it and waits until it is ready; rejects with its output when it ends instead. */
  async start(args: string[] = [], environment: Record<string, string> = {}): Promise<StackFile> {
    const [web, firestore, pubsub, storage] = await Promise.all([anyPort(), anyPort(), anyPort(), anyPort()]);
    this.output = '';
    const child = spawn(process.execPath, [entry, ...args], {
      env: {
        ...process.env,
        SPILLWAY_LOCAL_DIR: this.directory,
        PORT: String(web),
        SPILLWAY_FIRESTORE_PORT: String(firestore),
        SPILLWAY_PUBSUB_PORT: String(pubsub),
        SPILLWAY_STORAGE_PORT: String(storage),
        ...environment,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const onData = (data: Buffer) => {
      this.output += data.toString('utf8');
      if (this.output.includes('Spillway is ready')) resolve();
    };
    child.stdout.on('data', onData);
    child.stderr.on('data', onData);
    child.once('close', (code) => reject(new Error(`It ended with code ${code}.\n${this.output}`)));
    await promise;
    const stack = await readStackFile(this.directory);
    if (!stack) throw new Error('It is ready and has left no stack.json.');
    return stack;
  }

  /** The processes under it, itself included. */
  processes(): number[] {
    const pid = this.#child?.pid ?? -1;
    return [pid, ...descendants(pid)];
  }

  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const closed = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await closed;
  }

  async remove(): Promise<void> {
    await this.end();
    await rm(this.directory, { recursive: true, force: true });
  }
}
