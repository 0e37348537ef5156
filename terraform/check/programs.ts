import { runConfigSchema } from '@spillway/cloudrun-worker/config.ts';
import { functionsConfigSchema } from '@spillway/functions/config.ts';
import { parseConfig } from '@spillway/pipeline/config.ts';
import { needs } from '@spillway/pipeline/preflight.ts';
import { vmConfigSchema } from '@spillway/vm-worker/config.ts';
import { readWebConfig } from '@spillway/web/config.ts';
import type { Plan, Planned, Values } from './plan.ts';
import { blocksAt, ofType, textAt } from './read-plan.ts';

type Environment = Record<string, string>;
type Kind = 'functions' | 'run' | 'vm' | 'site' | 'admin';

/** A program as a plan deploys it. Each of the functions is one. */
export interface Program {
  /** `admin`: the site's program, which serves the dashboard alone. */
  name: Kind;
  resource: Planned;
  /** E-mail of the account that it runs as. */
  account: string;
  environment: Environment;
  /** Names of the secrets in Secret Manager that it reads. */
  secrets: string[];
  /** What it looks for before it starts. */
  needs: (typeof needs)[keyof typeof needs];
  /** Reads an environment as the program itself does. Throws where something is missing or wrong. */
  read(environment: Environment): object;
}

/** What takes the place of a value that is known only after applying: an address, and long enough for a secret. */
const later = 'https://known-only-after-applying.example.com';

const readers: Record<Kind, Pick<Program, 'needs' | 'read'>> = {
  functions: { needs: needs.functions, read: (each) => parseConfig(functionsConfigSchema, each) },
  run: { needs: needs.run, read: (each) => parseConfig(runConfigSchema, each) },
  vm: { needs: needs.vm, read: (each) => parseConfig(vmConfigSchema, each) },
  site: { needs: needs.site, read: readWebConfig },
  admin: { needs: needs.site, read: readWebConfig },
};

const services: Record<string, Kind> = {
  'spillway-worker': 'run',
  'spillway-site': 'site',
  'spillway-admin': 'admin',
};

/** Every program of a plan. Throws where a service is none of them. */
export function programsOf(plan: Plan): Program[] {
  return [
    ...ofType(plan, 'google_cloudfunctions2_function').map((resource) =>
      program('functions', resource, textAt(resource, 'service_config', 'service_account_email'), {
        environment: texts(blocksAt(resource, 'service_config')[0]?.environment_variables),
        secrets: [],
      }),
    ),
    ...ofType(plan, 'google_cloud_run_v2_service').map((resource) => {
      const kind = services[textAt(resource, 'name')];
      if (!kind) throw new Error(`${resource.address} is no program that the policies know (programs.ts).`);
      return program(
        kind,
        resource,
        textAt(resource, 'template', 'service_account'),
        containerEnvironment(resource),
      );
    }),
    ...ofType(plan, 'google_compute_instance_template').map((resource) =>
      program('vm', resource, textAt(resource, 'service_account', 'email'), {
        environment: cloudInitEnvironment(textAt(resource, 'metadata', 'user-data')),
        secrets: [],
      }),
    ),
  ];
}

function program(
  name: Kind,
  resource: Planned,
  account: string,
  given: Pick<Program, 'environment' | 'secrets'>,
): Program {
  return { name, resource, account, ...given, ...readers[name] };
}

function containerEnvironment(resource: Planned): Pick<Program, 'environment' | 'secrets'> {
  const variables = blocksAt(resource, 'template', 'containers', 'env');
  const environment: Environment = {};
  const secrets: string[] = [];
  for (const { name, value, value_source: source } of variables) {
    const [reference] = Array.isArray(source) ? (source as Values[]) : [];
    const [secret] = (reference?.secret_key_ref ?? []) as Values[];
    if (secret) secrets.push(String(secret.secret));
    environment[String(name)] = secret || typeof value !== 'string' ? later : value;
  }
  return { environment, secrets };
}

function texts(values: unknown): Environment {
  return Object.fromEntries(
    Object.entries((values ?? {}) as Values).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : later,
    ]),
  );
}

/** The file that a VM's container gets as its environment: `vm-cloud-init.yaml.tftpl`. */
function cloudInitEnvironment(userData: string): Environment {
  const file =
    /^ {2}- path: \/etc\/spillway\/environment\n[\s\S]*?content: \|\n((?: {6}.*\n)*)/m.exec(userData)?.[1] ??
    '';
  return Object.fromEntries(
    file
      .split('\n')
      .filter((line) => line.includes('='))
      .map((line) => [line.slice(0, line.indexOf('=')).trim(), line.slice(line.indexOf('=') + 1)]),
  );
}
