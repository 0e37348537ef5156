import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import repositoryManifest from '../package.json' with { type: 'json' };
import { BuildError } from './build-error.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** The variable of Terraform that names each image, by the Dockerfile's target. */
const variables = { 'cloudrun-worker': 'worker_image', site: 'site_image', 'vm-worker': 'vm_image' } as const;

export interface PushOptions {
  /** A repository of Artifact Registry: `us-central1-docker.pkg.dev/my-pictures/spillway-programs`. */
  repository: string;
  /** Names the three images of one run. The repository lets no tag be moved. */
  tag: string;
  /** Names of models for the images of the workers, separated by spaces, besides those that are built in. */
  models: string;
  /** One program alone. Default: all of them. */
  only?: string;
}

/**
 * Builds the image of each program from the folders that `npm run build` wrote, and pushes it.
 * @returns The text of a file of variables for Terraform, which names each image by its digest.
 * @throws BuildError where Docker fails. It has printed why.
 */
export async function pushImages({ repository, tag, models, only }: PushOptions): Promise<string> {
  const wanted = Object.entries(variables).filter(([target]) => only === undefined || target === only);
  if (wanted.length === 0) {
    throw new BuildError(`There is no image "${only}". There are ${Object.keys(variables).join(', ')}.`);
  }
  const lines: string[] = [];
  for (const [target, variable] of wanted) {
    const image = `${repository}/${target}`;
    const withModels = target === 'site' ? [] : [`--build-arg=MODELS=${models}`];
    // VMs and Cloud Run have this platform, whatever machine builds for them.
    const build = ['build', '--platform=linux/amd64', `--target=${target}`, ...withModels];
    await docker([...build, `--tag=${image}:${tag}`, '.']);
    await docker(['push', `${image}:${tag}`]);
    lines.push(`${variable} = "${await pushedDigest(image, tag)}"\n`);
  }
  return lines.join('');
}

/** `repository/name@sha256:…` of an image that was pushed. */
async function pushedDigest(image: string, tag: string): Promise<string> {
  const format = '{{join .RepoDigests "\\n"}}';
  const digests = await docker(['image', 'inspect', `--format=${format}`, `${image}:${tag}`], 'read');
  const digest = digests.split('\n').find((each) => each.startsWith(`${image}@sha256:`));
  if (!digest) throw new BuildError(`Docker knows no digest of ${image}:${tag}, though it was pushed.`);
  return digest;
}

/** @param output `shown`: what Docker prints is seen, and the answer is empty. */
async function docker(args: string[], output: 'shown' | 'read' = 'shown'): Promise<string> {
  const stdio = ['ignore', output === 'read' ? 'pipe' : 'inherit', 'inherit'] as const;
  const child = spawn('docker', args, { cwd: root, stdio: [...stdio] });
  const printed = child.stdout ? text(child.stdout) : '';
  const [code] = await once(child, 'close').catch((error: unknown) => {
    throw new BuildError('Docker cannot be started. Install it, and try again.', { cause: error });
  });
  if (code !== 0) throw new BuildError(`\`docker ${args.join(' ')}\` failed.`);
  return printed;
}

/** `npm run images -- <repository> [--only <program>] [--models "<names>"] [--to <file>]` */
async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      models: { type: 'string', default: '' },
      only: { type: 'string' },
      to: { type: 'string', default: 'terraform/images.auto.tfvars' },
    },
  });
  const [repository] = positionals;
  if (repository === undefined || positionals.length > 1) {
    throw new BuildError(
      'Name the repository: npm run images -- REGION-docker.pkg.dev/PROJECT/spillway-programs',
    );
  }
  const time = new Date().toISOString().replaceAll(/\D/g, '').slice(0, 14);
  const tag = `${repositoryManifest.version}-${time}`;
  const { models, only } = values;
  const file = await pushImages({ repository, tag, models, ...(only === undefined ? {} : { only }) });
  await writeFile(new URL(values.to, new URL('../', import.meta.url)), file);
  console.log(`${values.to}:\n${file}`);
}

if (import.meta.main) {
  await main().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  });
}
