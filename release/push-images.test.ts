import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { pushImages } from './push-images.ts';

const repository = 'us-central1-docker.pkg.dev/my-pictures/spillway-programs';
const options = { repository, tag: '1.0.0-1', models: 'u2net' };
const path = process.env.PATH;
let folder: string;

/** A program that stands where Docker does. It notes its arguments, and answers as Docker does after a push. */
async function standInForDocker(script: string): Promise<void> {
  const docker = join(folder, 'docker');
  await writeFile(docker, `#!/bin/sh\necho "$@" >> "${folder}/calls"\n${script}\n`);
  await chmod(docker, 0o755);
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spillway-docker-'));
  process.env.PATH = `${folder}${delimiter}${path}`;
});
afterEach(async () => {
  process.env.PATH = path;
  await rm(folder, { recursive: true });
});

it('names each image by the digest that it was pushed with', async () => {
  const digest = 'a'.repeat(64);
  // An image that was pushed elsewhere before has a digest there too.
  const inspected = `for last; do :; done; printf 'example.com/site@sha256:${'b'.repeat(64)}\\n%s@sha256:${digest}\\n' "\${last%:*}"`;
  await standInForDocker(`if [ "$1" = image ]; then ${inspected}; fi`);

  const file = await pushImages(options);

  expect(file).toBe(
    ['cloudrun-worker', 'site', 'vm-worker']
      .map((name, at) => {
        return `${['worker', 'site', 'vm'][at]}_image = "${repository}/${name}@sha256:${digest}"\n`;
      })
      .join(''),
  );
  const calls = await readFile(join(folder, 'calls'), 'utf8');
  expect(calls).toContain(
    `build --platform=linux/amd64 --target=vm-worker --build-arg=MODELS=u2net --tag=${repository}/vm-worker:1.0.0-1 .\n`,
  );
  expect(calls).toContain(
    `--target=site --tag=${repository}/site:1.0.0-1 .\npush ${repository}/site:1.0.0-1\n`,
  );
});

it('makes the image of one program alone where that is asked for', async () => {
  const inspected = `for last; do :; done; printf '%s@sha256:${'a'.repeat(64)}\\n' "\${last%:*}"`;
  await standInForDocker(`if [ "$1" = image ]; then ${inspected}; fi`);
  expect(await pushImages({ ...options, only: 'cloudrun-worker' })).toMatch(/^worker_image = "[^"]+"\n$/);
  await expect(pushImages({ ...options, only: 'worker' })).rejects.toThrow('There are cloudrun-worker, site');
});

it('writes nothing where an image cannot be pushed', async () => {
  await standInForDocker('[ "$1" != push ]');
  await expect(pushImages(options)).rejects.toThrow('`docker push');
});

it('says that Docker is missing', async () => {
  process.env.PATH = folder;
  await expect(pushImages(options)).rejects.toThrow('Install it');
});
