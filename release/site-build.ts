import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { glob, mkdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { BuildError } from './build-error.ts';

/** The sources of the site. */
const sources = [
  'web/src/**/*',
  'web/public/**/*',
  'web/astro.config.*',
  'web/api/*schema.ts',
  'web/zod-for-pages/*',
  'core/**/*.ts',
];
const moreSources = ['package-lock.json', 'web/package.json'];

/** Builds the site, unless `web/dist` was built from the same sources. */
export async function buildSiteIfChanged(root: string, logDirectory: string): Promise<'built' | 'unchanged'> {
  const stampFile = join(root, 'web/dist/.sources');
  const [stamp, built] = await Promise.all([
    hashOfSources(root),
    readFile(stampFile, 'utf8').catch(() => null),
  ]);
  if (stamp === built) return 'unchanged';
  await mkdir(logDirectory, { recursive: true });
  const logFile = join(logDirectory, 'site-build.log');
  const log = createWriteStream(logFile);
  await once(log, 'open');
  const astro = join(dirname(createRequire(import.meta.url).resolve('astro/package.json')), 'bin/astro.mjs');
  const child = spawn(process.execPath, [astro, 'build'], {
    cwd: join(root, 'web'),
    env: { ...process.env, ASTRO_TELEMETRY_DISABLED: '1' },
    stdio: ['ignore', log, log],
  });
  const [code] = await once(child, 'exit');
  if (code !== 0) {
    throw new BuildError(
      `The site could not be built. The log is ${logFile}:\n${await readFile(logFile, 'utf8')}`,
    );
  }
  await writeFile(stampFile, stamp);
  return 'built';
}

async function hashOfSources(root: string): Promise<string> {
  const names: string[] = [];
  for await (const name of glob([...sources, ...moreSources], { cwd: root })) names.push(name);
  const hash = createHash('sha256');
  for (const name of names.sort()) {
    const bytes = await readFile(join(root, name)).catch(() => null);
    if (bytes) hash.update(name).update('\0').update(bytes);
  }
  return hash.digest('hex');
}
