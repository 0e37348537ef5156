import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';

/** Tries to take a lock, and prints the code of the error and how many files in its folder it has open. */
const script = `
  import { readdir, readlink } from 'node:fs/promises';
  import { takeInstallLock } from ${JSON.stringify(new URL('./install-lock.ts', import.meta.url).href)};
  const folder = process.argv[1];
  const signal = new AbortController().signal;
  const code = await takeInstallLock(folder + '/lock', async () => false, () => {}, signal).then(() => null, (error) => error.code);
  const links = await Promise.all((await readdir('/proc/self/fd')).map((fd) => readlink('/proc/self/fd/' + fd).catch(() => '')));
  console.log(JSON.stringify({ code, open: links.filter((link) => link.startsWith(folder)).length }));
`;

// A shell can forbid a process to write files, which fails as a full disk does; /proc tells what is open.
it.runIf(process.platform === 'linux')(
  'leaves nothing open, and nothing behind, where its first write fails',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'spillway-lock-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const command = 'trap "" XFSZ; ulimit -f 0; exec "$0" --input-type=module -e "$1" "$2"';
    const { stdout } = await promisify(execFile)('sh', ['-c', command, process.execPath, script, folder]);
    expect(JSON.parse(stdout)).toEqual({ code: 'EFBIG', open: 0 });
    expect(await readdir(folder)).toEqual([]);
  },
);
