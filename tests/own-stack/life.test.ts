import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Storage } from '@google-cloud/storage';
import { startStack } from '@spillway/emulators/stack.ts';
import { readStackOptions } from '@spillway/emulators/stack-options.ts';
import type { StackFile } from '@spillway/pipeline/stack-file.ts';
import { isAlive } from '@spillway/supervisor/processes.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { drawnJpeg } from '../pictures.ts';
import { clientOf } from '../stack-client.ts';
import { Launcher } from './launcher.ts';

process.env.METADATA_SERVER_DETECTION = 'none';
let launcher: Launcher;
beforeAll(async () => {
  launcher = await Launcher.create();
});
afterAll(() => launcher.remove());

const root = fileURLToPath(new URL('../..', import.meta.url));

async function expectNothingLeft(pids: number[]): Promise<void> {
  expect(pids.length).toBeGreaterThan(8);
  await expect.poll(() => pids.filter(isAlive), { timeout: 90_000 }).toEqual([]);
}

async function succeededJobs(stack: StackFile): Promise<number> {
  const client = clientOf(stack);
  const jobs = await client.allJobs();
  await client.close();
  return jobs.filter(({ state }) => state === 'succeeded').length;
}

describe('the local stack', () => {
  it('starts nothing when it was asked to end before it had begun', async () => {
    const options = readStackOptions([], { SPILLWAY_LOCAL_DIR: join(launcher.directory, 'abandoned') }, root);
    if (!options) throw new Error('Only --help has no options.');
    const said: string[] = [];
    const starting = startStack(
      { ...options, engine: 'google' },
      (line) => said.push(line),
      AbortSignal.abort(),
    );
    await expect(starting).rejects.toThrow('Ended before everything had started.');
    expect(said).toEqual([]);
  });

  it('forgets all with --reset, keeps finished work without, and leaves nothing when it is ended or killed', async () => {
    const old = join(launcher.directory, 'data', 'of an earlier stack');
    await mkdir(join(launcher.directory, 'data'), { recursive: true });
    await writeFile(old, 'It goes with --reset.');
    const first = await launcher.start(['--engine', 'google', '--vms', '1', '--reset']);
    expect(existsSync(old)).toBe(false);
    const storage = new Storage({ projectId: first.project, apiEndpoint: first.storage });
    await storage
      .bucket(first.buckets.uploads)
      .file('sketch/kept.jpg')
      .save(await drawnJpeg(1), { resumable: false });
    await expect.poll(() => succeededJobs(first)).toBe(1);
    const processes = launcher.processes();
    await launcher.end('SIGINT');
    await expectNothingLeft(processes);

    const second = await launcher.start(['--engine', 'google', '--vms', '1']);
    expect(await succeededJobs(second)).toBe(1);
    const again = new Storage({ projectId: second.project, apiEndpoint: second.storage });
    const [results] = await again.bucket(second.buckets.results).getFiles();
    expect(results).toHaveLength(2);
    // Killed in the middle of work, whose calls then find nobody to answer.
    const picture = await drawnJpeg(2, 1_600, 1_200);
    const busy = Array.from({ length: 20 }, (_, index) =>
      again
        .bucket(second.buckets.uploads)
        .file(`sketch/busy-${index}.jpg`)
        .save(picture, { resumable: false }),
    );
    await Promise.all(busy);
    const left = launcher.processes();
    await launcher.end('SIGKILL');
    await expectNothingLeft(left);
  });

  it('says in one sentence that a port is taken, and ends', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address ? String(address.port) : '';
    await expect(launcher.start([], { PORT: port })).rejects.toThrow(
      `Port ${port}, which PORT asks for, is taken.`,
    );
    server.close();
  });

  it('says in one sentence that Java is missing, and how to install it', async () => {
    const bin = await mkdtemp(join(launcher.directory, 'path-'));
    await symlink(process.execPath, join(bin, 'node'));
    await expect(launcher.start(['--engine', 'google'], { PATH: bin })).rejects.toThrow(
      /need Java.*apt-get install/s,
    );
  });

  it('says in one sentence that there are no emulators and no network to fetch them', async () => {
    const home = await mkdtemp(join(launcher.directory, 'home-'));
    await symlink(process.execPath, join(home, 'node'));
    for (const program of ['java', 'ps', 'sh']) {
      const found = execFileSync('which', [program], { encoding: 'utf8' }).trim();
      await symlink(found, join(home, program));
    }
    const nobodyListens = 'http://127.0.0.1:9';
    const environment = { HOME: home, PATH: home, HTTPS_PROXY: nobodyListens, https_proxy: nobodyListens };
    await expect(launcher.start([], environment)).rejects.toThrow(
      /not on this machine.*gcloud components install/s,
    );
  });

  it('says what is wrong with an option', async () => {
    await expect(launcher.start(['--vms', 'many'])).rejects.toThrow(/vms/);
    await expect(launcher.start(['--frobnicate'])).rejects.toThrow(/Usage: npm start/);
  });
});
