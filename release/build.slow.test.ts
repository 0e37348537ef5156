import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { mirrorCheckpoint } from '@spillway/models/testing/mirror.ts';
import { unzipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeArchive } from './archive.ts';
import { type BuiltProgram, buildPrograms, requireWithin } from './build.ts';
import { folderBytes } from './folder-bytes.ts';
import { readLock } from './locked-packages.ts';
import { programNames, programs } from './programs.ts';
import { type BuiltImage, bareEnvironment, buildImage } from './testing/build-image.ts';
import { readStages } from './testing/dockerfile.ts';

const sample = fileURLToPath(new URL('../web/public/samples/cat.jpg', import.meta.url));
/** Decoded by WebAssembly that a package brings along. */
const heic = fileURLToPath(new URL('../processing/testing/heic/grey.heic', import.meta.url));
const buildLimitMs = 10 * 60_000;

/** Outside of the repository, so that no program finds a package there. It has the place of the repository's root. */
let place: string;
let built: BuiltProgram[];

beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), 'spillway-artefacts-'));
  // Accounts other than this one read what is below.
  await chmod(place, 0o755);
  built = await buildPrograms(join(place, 'dist'));
}, buildLimitMs);
afterAll(() => rm(place, { recursive: true, force: true }));

const folderOf = (name: string): string => join(place, 'dist', name);

async function filesIn(folder: string): Promise<{ path: string; isLink: boolean }[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => ({ path: join(entry.parentPath, entry.name), isLink: entry.isSymbolicLink() }));
}

async function readJson(path: string) {
  return JSON.parse(await readFile(path, 'utf8'));
}

describe.each(programNames)('the folder of %s', (name) => {
  test('holds JavaScript, no TypeScript and no link', async () => {
    const files = await filesIn(folderOf(name));
    expect(files.filter(({ path, isLink }) => isLink || /[.](ts|tsx|map)$/.test(path))).toEqual([]);
    expect(files.map(({ path }) => path)).toContain(join(folderOf(name), 'main.js'));
  });

  test('asks for the versions of packages that the repository was tested with, and no others', async () => {
    const { dependencies, main, type } = await readJson(join(folderOf(name), 'package.json'));
    expect({ main, type }).toEqual({ main: 'main.js', type: 'module' });
    for (const version of Object.values(dependencies))
      expect(version).toMatch(/^\d+\.\d+\.\d+(-[\w.]+)?$|^file:[\w.-]+[.]tgz$/);

    const { '': own, ...locked } = await readLock(join(folderOf(name), 'package-lock.json'));
    expect(own?.dependencies).toEqual(dependencies);
    const tested = await readLock(fileURLToPath(new URL('../package-lock.json', import.meta.url)));
    for (const [where, { version, resolved, link, integrity }] of Object.entries(locked)) {
      expect({ where, version, link }).toEqual({ where, version: tested[where]?.version, link: undefined });
      if (where !== 'node_modules/onnxruntime-node')
        expect([resolved, integrity]).toEqual([undefined, tested[where]?.integrity]);
    }
  });

  test('has every file that its JavaScript names by the address of a module', async () => {
    const named = /new URL\(["']([^"']+)["'], import\.meta\.url\)/g;
    const scripts = (await filesIn(folderOf(name))).filter(
      ({ path }) => path.endsWith('.js') && !path.includes('/dist/site/dist/'),
    );
    const missing: string[] = [];
    for (const { path } of scripts) {
      for (const [, address = ''] of codeOf(await readFile(path, 'utf8')).matchAll(named)) {
        if (!existsSync(new URL(address, `file://${path}`))) missing.push(`${path}: ${address}`);
      }
    }
    expect(missing).toEqual([]);
  });
});

/** Without comments and texts that show plug-ins how to name a file. */
function codeOf(script: string): string {
  return script
    .split('\n')
    .filter((line) => !/^\s*\*|implementation: new URL/.test(line))
    .join('\n');
}

test('a folder that grows past its limit is refused, with its size', () => {
  expect(built.map(({ name }) => name)).toEqual(programNames);
  expect(() => requireWithin('The folder of site', 7_000_000, 6_000_000)).toThrow(
    'The folder of site has 7.0 MB, and its limit is 6.0 MB',
  );
});

test('the archive of the functions is the same for the same folder, with package.json at its top', async () => {
  const [one, other] = [join(place, 'one.zip'), join(place, 'other.zip')];
  for (const archive of [one, other]) await writeArchive(folderOf('functions'), archive);
  expect((await readFile(one)).equals(await readFile(other))).toBe(true);
  const files = Object.keys(unzipSync(await readFile(one)));
  expect(files).toEqual((await filesIn(folderOf('functions'))).map(({ path }) => basename(path)).sort());
  expect(files).toEqual(expect.arrayContaining(['LICENSE', 'main.js', 'package-lock.json', 'package.json']));
});

/** With this Node and the machine's own programs, and nothing of the repository. */
function run(
  command: string,
  args: string[],
  options: { cwd: string; env?: Record<string, string>; uid?: number; gid?: number },
) {
  return promisify(execFile)(command, args, { ...options, env: { ...bareEnvironment(), ...options.env } });
}

describe.each(['cloudrun-worker', 'site'] as const)('the image of %s, as the Dockerfile says', (name) => {
  let image: BuiltImage;
  let folder: string;

  beforeAll(async () => {
    const into = join(place, 'images', name);
    await mkdir(into, { recursive: true });
    const models = join(place, 'models');
    await mirrorCheckpoint(models);
    const buildArguments = { MODELS: 'blip-image-captioning-base', MODELS_SOURCE: models };
    image = await buildImage(await readStages(), name, place, into, buildArguments);
    folder = join(image.root, image.workdir);
  }, buildLimitMs);

  /** As the image would: its account, its folder, its variables. */
  function inImage(...args: string[]) {
    const [uid, gid] = image.user.split(':').map(Number);
    const env = { ...image.environment, SPILLWAY_MODELS_DIR: join(folder, 'models'), HOME: '/nonexistent' };
    return run(process.execPath, args, {
      cwd: folder,
      env,
      ...(process.getuid?.() === 0 ? { uid, gid } : {}),
    });
  }

  test('is no larger than its limit', async () => {
    requireWithin(name, await folderBytes(folder), programs[name].limits.installed);
  });

  test('starts its program, which only lacks its environment', async () => {
    const [, ...program] = image.entrypoint ?? [];
    const started = inImage(...program);
    await expect(started).rejects.toMatchObject({
      code: 1,
      stdout: expect.stringContaining('The environment is not complete.'),
    });
  });

  test.skipIf(name === 'site')(
    'has the models that a build argument names, and the built-in ones',
    async () => {
      const { stdout } = await inImage('spillway.js', 'models', 'list');
      expect(stdout).toMatch(/blip-image-captioning-base +caption +installed/);
      expect(stdout.match(/built-in demo model/g)).toHaveLength(2);
    },
  );

  test.skipIf(name === 'site')('works on a picture, with files that its account cannot change', async () => {
    const out = join(place, `results of ${name}`);
    await mkdir(out);
    await chmod(out, 0o777);
    const process = (operation: string, picture: string, ...more: string[]) =>
      inImage('spillway.js', 'process', operation, picture, '--json', ...more);
    const { stdout: sketch } = await process('sketch', heic, '--out', join(out, 'sketch.png'));
    expect(JSON.parse(sketch)).toMatchObject({ width: 180, height: 120 });
    // The built-in model's edges are followed by OpenCV, in a thread.
    const { stdout: cutOut } = await process('remove-background', sample, '--out', join(out, 'cut-out.png'));
    expect(JSON.parse(cutOut)).toMatchObject({ width: 1_000, model: { builtIn: true } });
    // The installed model comes before the built-in one.
    const { stdout: caption } = await process('caption', sample);
    expect(JSON.parse(caption)).toMatchObject({
      caption: expect.stringMatching(/\w+ \w+/),
      model: { name: 'blip-image-captioning-base' },
    });
  });
});
