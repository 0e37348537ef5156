import { execFileSync } from 'node:child_process';
import { mkdtemp, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { clientOf } from '../stack-client.ts';
import { ownLauncher, succeededIn, testLife } from './life-cases.ts';

const own = ownLauncher();
const google = ['--engine', 'google'];

describe("the local stack on Google's emulators", () => {
  testLife('google', own);

  it('are kept apart from what the embedded engine keeps, in the same folder', async () => {
    const size = ['--vms', '0', '--run-max', '0'];
    const onEmbedded = await own().start(['--engine', 'embedded', ...size]);
    expect(await succeededIn(onEmbedded, 'sketch/kept')).toBe(0);
    const [results] = await clientOf(onEmbedded).storage.bucket(onEmbedded.buckets.results).getFiles();
    expect(results).toEqual([]);
    await own().end();
    const onGoogle = await own().start([...google, ...size]);
    expect(await succeededIn(onGoogle, 'sketch/kept')).toBe(1);
    await own().end();
  });

  it('says in one sentence that Java is missing, and how to install it', async () => {
    const bin = await mkdtemp(join(own().directory, 'path-'));
    await symlink(process.execPath, join(bin, 'node'));
    await expect(own().start(google, { PATH: bin })).rejects.toThrow(/need Java.*apt-get install/s);
  });

  it('says in one sentence that there are no emulators and no network to fetch them', async () => {
    const home = await mkdtemp(join(own().directory, 'home-'));
    await symlink(process.execPath, join(home, 'node'));
    for (const program of ['java', 'ps', 'sh']) {
      const found = execFileSync('which', [program], { encoding: 'utf8' }).trim();
      await symlink(found, join(home, program));
    }
    const nobodyListens = 'http://127.0.0.1:9';
    const environment = { HOME: home, PATH: home, HTTPS_PROXY: nobodyListens, https_proxy: nobodyListens };
    await expect(own().start(google, environment)).rejects.toThrow(
      /not on this machine.*gcloud components install/s,
    );
  });
});
