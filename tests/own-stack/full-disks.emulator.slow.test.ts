import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Job } from '@spillway/core/job.ts';
import { environmentOf } from '@spillway/pipeline/stack-file.ts';
import { descendants } from '@spillway/supervisor/processes.ts';
import { overviewSchema } from '@spillway/web/api/admin-schema.ts';
import { describe, expect, it } from 'vitest';
import { adminTokenOf } from '../admin-token.ts';
import { drawnJpeg } from '../pictures.ts';
import { ownStack } from './own-stack.ts';

/**
 * A limit of the system on what a process may write simulates a full disk: like that it lets files and folders be
 * made and nothing be put into them, and unlike a mount it needs no rights. Children inherit it.
 */
const hasPrlimit = spawnSync('prlimit', ['--version']).status === 0;
const uploads = 12;
const vms = ['vm-1', 'vm-2'];
const runMax = 2;

describe.skipIf(!hasPrlimit)('machines whose disks are full (needs prlimit of util-linux)', () => {
  const own = ownStack({ vms: 2, slots: 2, runMax });

  function setRoom(parts: string[], bytes: string): void {
    const roots = parts.map((name) => own().stack.pids[name] ?? 0);
    for (const pid of roots.flatMap((root) => [root, ...descendants(root)])) {
      // A child may have ended since it was listed.
      spawnSync('prlimit', [`--fsize=${bytes}:`, '--pid', String(pid)]);
    }
  }

  async function dropAll(folder: string): Promise<void> {
    const picture = await drawnJpeg(1, 1_200, 900);
    const names = Array.from({ length: uploads }, (_, index) => `sketch/${folder}/${index}.jpg`);
    await Promise.all(names.map((name) => own().client.drop(name, picture)));
    const routed = async () => (await jobsIn(folder)).length;
    await expect.poll(routed, { timeout: 90_000 }).toBe(uploads);
  }

  const jobsIn = (folder: string): Promise<Job[]> => own().client.jobsUnder(`sketch/${folder}/`);

  async function lacksOf(worker: string): Promise<unknown> {
    const heartbeat = await own().client.documents.read(`workers/${worker}`);
    return { state: heartbeat?.state, lacks: heartbeat?.lacks };
  }

  async function alerts(): Promise<string[]> {
    const { stack } = own();
    const token = adminTokenOf(stack.adminUrl);
    const headers = { authorization: `Bearer ${token}` };
    const response = await fetch(`${stack.web}/api/v1/admin/overview`, { headers });
    return overviewSchema.parse(await response.json()).alerts.map(({ message }) => message);
  }

  async function allSucceeded(folder: string): Promise<Job[]> {
    const states = async () => (await jobsIn(folder)).map(({ state }) => state);
    const expected = new Array(uploads).fill('succeeded');
    await expect.poll(states, { timeout: 120_000, interval: 500 }).toEqual(expected);
    return jobsIn(folder);
  }

  it('lose and fail no job: they say so, leave the work alone, and take it up when there is room', async () => {
    setRoom([...vms, 'cloud-run'], '1000');
    await dropAll('everywhere');
    const claimed = async () => (await jobsIn('everywhere')).some(({ machineFaults }) => machineFaults > 0);
    await expect.poll(claimed, { timeout: 90_000 }).toBe(true);
    // Pub/Sub brings what one VM left to the other.
    for (const vm of vms) {
      const ill = { state: 'paused', lacks: ['disk'] };
      await expect.poll(() => lacksOf(vm), { timeout: 90_000, interval: 200 }).toEqual(ill);
    }
    const messages = await alerts();
    for (const vm of vms) {
      expect(messages).toContainEqual(
        expect.stringMatching(`machine of ${vm} cannot work: Its disk is full`),
      );
    }
    // By now Cloud Run was asked as well, and none of its instances could start.
    const onRun = async () => (await jobsIn('everywhere')).some(({ route }) => route.target === 'run');
    await expect.poll(onRun, { timeout: 90_000 }).toBe(true);
    const jobs = await jobsIn('everywhere');
    expect(jobs.filter(({ state }) => state === 'failed')).toEqual([]);
    expect(jobs.map(({ attempt }) => attempt)).toEqual(new Array(uploads).fill(0));

    setRoom([...vms, 'cloud-run'], 'unlimited');
    const done = await allSucceeded('everywhere');
    expect(done.map(({ attempt }) => attempt)).toEqual(new Array(uploads).fill(1));
    const well = { state: 'ready', lacks: [] };
    for (const vm of vms) await expect.poll(() => lacksOf(vm), { timeout: 90_000 }).toEqual(well);
    // Instances of Cloud Run look again at their own pace, or have ended and are soon no longer counted as alive.
    const complaints = async () => (await alerts()).filter((message) => message.includes('disk is full'));
    await expect.poll(complaints, { timeout: 90_000 }).toEqual([]);
  }, 300_000);

  it('leave the work to one that has room, and folders to nobody', async () => {
    setRoom(['vm-1'], '1000');
    await dropAll('one');
    const done = await allSucceeded('one');
    expect(done.map(({ claim }) => claim?.worker)).not.toContain('vm-1');
    setRoom(['vm-1'], 'unlimited');
    await expect.poll(() => lacksOf('vm-1'), { timeout: 90_000 }).toMatchObject({ lacks: [] });
    const workDir = join(own().directory, 'work');
    const folders = async () =>
      (await readdir(workDir)).filter((name) => name.startsWith('instance-')).length;
    // Only instances that are alive have folders, one more than routers count on: none of those that could not start.
    await expect.poll(folders, { timeout: 90_000 }).toBeLessThanOrEqual(runMax + 1);
  }, 200_000);

  it('that start an instance of Cloud Run say why not in one line, and leave nothing behind', async () => {
    const folder = await mkdtemp(join(own().directory, 'instance-'));
    const env = {
      ...process.env,
      ...environmentOf(own().stack),
      SPILLWAY_WORK_DIR: join(folder, 'spillway'),
      SPILLWAY_SLOTS: '1',
      PORT: '0',
    };
    const main = join(import.meta.dirname, '../../cloudrun-worker/main.ts');
    const run = spawnSync('prlimit', ['--fsize=1000', process.execPath, main], { env, encoding: 'utf8' });
    expect(run.status).toBe(1);
    const lines = run.stdout.trim().split('\n');
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      severity: 'ERROR',
      message: expect.stringContaining('Its disk is full or fails.'),
    });
    expect(run.stderr).toBe('');
    expect(await readdir(folder)).toEqual([]);
  }, 60_000);
});

/** As root, where a file system can be mounted, the same with a disk that is really full. */
const canMount = hasPrlimit && process.getuid?.() === 0 && canMountHere();

function canMountHere(): boolean {
  const probe = spawnSync('sh', [
    '-c',
    'd=$(mktemp -d) && mount -t tmpfs -o size=1m none "$d" && umount "$d"; rmdir "$d"',
  ]);
  return probe.status === 0;
}

describe.skipIf(!canMount)('a disk that is really full (needs the right to mount one)', () => {
  it('is told by its check, and so is one that is read-only', async () => {
    const { checkMachine } = await import('@spillway/worker/machine-check.ts');
    const place = await mkdtemp(join(tmpdir(), 'spillway-mount-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'none', place]);
    try {
      const startable = { tryStart: async () => {} };
      await expect(checkMachine(place, 0, startable)).rejects.toMatchObject({ lack: 'disk' });
      execFileSync('mount', ['-o', 'remount,size=64m', place]);
      await expect(checkMachine(place, 0, startable)).resolves.toBeUndefined();
      execFileSync('mount', ['-o', 'remount,ro', place]);
      await expect(checkMachine(place, 0, startable)).rejects.toMatchObject({ lack: 'writable_disk' });
    } finally {
      execFileSync('umount', [place]);
      await rm(place, { recursive: true });
    }
  });
});
