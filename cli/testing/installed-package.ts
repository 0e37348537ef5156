import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { buildPackage } from '../release/build-package.ts';

const run = promisify(execFile);

/** The npm package, packed and installed into an empty folder. */
export interface InstalledPackage {
  /** Paths in the package. */
  packed: string[];
  /** The empty folder. */
  elsewhere: string;
  /** With this Node and nothing of the repository in its path. */
  environment: Readonly<Record<string, string>>;
  /** Runs a command in the empty folder as a person would, and resolves to what it prints. */
  run(command: string, args: string[], more?: Record<string, string>): Promise<string>;
}

/** @param folder An empty one. */
export async function installPackage(folder: string): Promise<InstalledPackage> {
  const elsewhere = join(folder, 'elsewhere');
  await mkdir(elsewhere);
  await buildPackage(join(folder, 'package'));
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', folder], {
    cwd: join(folder, 'package'),
  });
  const [report] = JSON.parse(stdout);
  const path = (process.env.PATH ?? '').split(delimiter).filter((entry) => !entry.includes('node_modules'));
  const { HOME = '', NODE_EXTRA_CA_CERTS } = process.env;
  const environment = {
    HOME,
    PATH: [dirname(process.execPath), ...path].join(delimiter),
    // Where a proxy reads along, npm reaches the registry by its certificate.
    ...(NODE_EXTRA_CA_CERTS ? { NODE_EXTRA_CA_CERTS } : {}),
  };
  const installed: InstalledPackage = {
    packed: report.files.map((file: { path: string }) => file.path).sort(),
    elsewhere,
    environment,
    async run(command, args, more = {}) {
      return (await run(command, args, { cwd: elsewhere, env: { ...environment, ...more } })).stdout;
    },
  };
  // The versions are pinned, so what `npm ci` of this repository has fetched is enough.
  const install = ['install', '--prefer-offline', '--no-audit', '--no-fund', join(folder, report.filename)];
  await installed.run('npm', install);
  return installed;
}
