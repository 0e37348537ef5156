import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { promisify, stripVTControlCharacters } from 'node:util';
import { type Choice, choices, oneBox, root, type Source } from './sources.ts';

const run = promisify(execFile);

/** A run of Terraform that failed. Its message is what Terraform said. */
export class TerraformError extends Error {
  override readonly name = 'TerraformError';
}

/** A copy of Terraform's files, in which it may write. Its state is kept there, and not in a bucket. */
export interface Workspace {
  folder: string;
  /** Runs Terraform there and returns what it prints. Throws `TerraformError`. */
  terraform(...args: string[]): Promise<string>;
  /** Adds a file that overrides what others say: https://developer.hashicorp.com/terraform/language/files/override */
  override(name: string, text: string): Promise<void>;
  remove(): Promise<void>;
}

/**
 * A copy of the sources that is ready to plan, with the provider from `terraform init`.
 * @param name The folder of the configuration, from the repository's.
 */
export async function openWorkspace(sources: readonly Source[], name = 'terraform'): Promise<Workspace> {
  const parent = await mkdtemp(join(tmpdir(), 'spillway-terraform-'));
  const folder = join(parent, name);
  const workspace: Workspace = {
    folder,
    terraform: (...args) => runTerraform(folder, args),
    override: (name, text) => writeFile(join(folder, `${name}_override.tf`), text),
    remove: () => rm(parent, { recursive: true, force: true }),
  };
  try {
    for (const { path, text } of sources) {
      await mkdir(dirname(join(parent, path)), { recursive: true });
      await writeFile(join(parent, path), text);
    }
    await cp(join(root, name, 'tests'), join(folder, 'tests'), { recursive: true });
    // Objects are named after its content, so it is always the same.
    await writeFile(join(folder, 'functions.zip'), 'the archive of the functions');
    await workspace.override('backend', 'terraform {\n  backend "local" {}\n}\n');
    await workspace.terraform('init', '-input=false');
  } catch (error) {
    await workspace.remove();
    throw error;
  }
  return workspace;
}

/** The path of a choice's values, for `-var-file`. */
export const valuesOf = ({ folder }: Workspace, choice: Choice): string =>
  join(dirname(folder), choices[choice]);

/** The same of the smallest example. */
export const oneBoxValuesOf = ({ folder }: Workspace): string => join(folder, basename(oneBox.values));

/** Runs Terraform. No call of the provider's leaves this machine while it plans: the token is made up. */
export async function runTerraform(folder: string, args: readonly string[]): Promise<string> {
  try {
    const { stdout } = await run('terraform', [...args], {
      cwd: folder,
      env: { ...withoutVariables(process.env), ...unattended },
      maxBuffer: 256 * 1024 * 1024,
    });
    return stdout;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      throw new TerraformError(
        'There is no `terraform` on this machine: https://developer.hashicorp.com/terraform/install',
      );
    }
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    // What is wrong is told there; the rest is a plan of hundreds of lines.
    const said = stripVTControlCharacters(stderr.trim() === '' ? stdout : stderr).trimEnd();
    throw new TerraformError(`terraform ${args.join(' ')}\n${said}`);
  }
}

const unattended = {
  CHECKPOINT_DISABLE: '1',
  TF_IN_AUTOMATION: '1',
  GOOGLE_OAUTH_ACCESS_TOKEN: 'made-up',
};

/** A person's own variables must not change what is checked. */
function withoutVariables(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(environment).filter(([name]) => !/^(TF_VAR_|TF_CLI_ARGS|GOOGLE_|CLOUDSDK_)/.test(name)),
  );
}
