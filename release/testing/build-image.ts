import { execFile } from 'node:child_process';
import { cp, mkdir } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Stage } from './dockerfile.ts';

/** What an image is made of, as far as its files and its start go. */
export interface BuiltImage {
  /** The folder that stands for the root of its file system. What its base image has is not in it. */
  root: string;
  workdir: string;
  environment: Record<string, string>;
  user: string;
  entrypoint: string[] | null;
}

/**
 * Does what the Dockerfile says on this machine, without a container: its COPY lines copy, and its RUN lines run. They
 * have to use relative paths, because `/app` is a folder in `into`.
 * @param context The folder that the image is built from.
 */
export async function buildImage(
  stages: Stage[],
  target: string,
  context: string,
  into: string,
  buildArguments: Record<string, string> = {},
): Promise<BuiltImage> {
  const stage = stages.find(({ name }) => name === target);
  if (!stage) throw new Error(`The Dockerfile has no stage ${target}.`);
  const base = stages.some(({ name }) => name === stage.base)
    ? await buildImage(stages, stage.base, context, into, buildArguments)
    : null;
  const root = join(into, target);
  await mkdir(root, { recursive: true });
  if (base) await cp(base.root, root, { recursive: true });
  const image: BuiltImage = {
    root,
    workdir: base?.workdir ?? '/',
    environment: { ...base?.environment },
    user: base?.user ?? 'root',
    entrypoint: base?.entrypoint ?? null,
  };
  const given: Record<string, string> = {};
  for (const instruction of stage.instructions) {
    switch (instruction.kind) {
      case 'workdir':
        image.workdir = instruction.path;
        await mkdir(join(root, image.workdir), { recursive: true });
        break;
      case 'copy': {
        const from =
          instruction.from && (await buildImage(stages, instruction.from, context, into, buildArguments));
        const source = join(from ? from.root : context, instruction.source);
        await cp(source, join(root, image.workdir, instruction.target), { recursive: true });
        break;
      }
      case 'set':
        if (instruction.as === 'env') Object.assign(image.environment, instruction.values);
        else
          for (const name of Object.keys(instruction.values)) {
            given[name] = buildArguments[name] ?? instruction.values[name] ?? '';
          }
        break;
      case 'run':
        await promisify(execFile)('sh', ['-ec', instruction.command], {
          cwd: join(root, image.workdir),
          env: { ...bareEnvironment(), ...image.environment, ...given },
        });
        break;
      case 'user':
        image.user = instruction.user;
        break;
      case 'entrypoint':
        image.entrypoint = instruction.words;
        break;
      case 'command':
      case 'volume':
      case 'healthcheck':
      case 'expose':
        break;
      default:
        instruction satisfies never;
    }
  }
  return image;
}

/** This Node and the machine's own programs, and nothing of the repository but what npm has fetched for it. */
export function bareEnvironment(): Record<string, string> {
  const path = (process.env.PATH ?? '').split(delimiter).filter((entry) => !entry.includes('node_modules'));
  return {
    HOME: process.env.HOME ?? '',
    PATH: [dirname(process.execPath), ...path].join(delimiter),
    npm_config_prefer_offline: 'true',
  };
}
