import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PubSub } from '@google-cloud/pubsub';
import { Storage } from '@google-cloud/storage';
import { z } from 'zod';
import { type LocalServices, startLocalServices } from './local-services.ts';
import type { Source } from './sources.ts';
import { openWorkspace, TerraformError, valuesOf, type Workspace } from './workspace.ts';

// Google's clients would look for the cloud's metadata server, and warn that there is none.
process.env.METADATA_SERVER_DETECTION ??= 'none';

/** That of example.tfvars. */
const project = 'example-pictures';

/**
 * What Google's emulators and the local storage server carry. They have no rights, no accounts, no services of Cloud Run
 * and no administration of Firestore.
 */
const targets = [
  'google_storage_bucket.pictures',
  'google_storage_bucket.artefacts',
  'google_storage_bucket_object.functions',
  'google_pubsub_topic.topics',
  'google_pubsub_subscription.jobs_vm_pull',
  'google_pubsub_subscription.jobs_run_push',
  'google_pubsub_subscription.jobs_dead_pull',
  'google_firestore_document.routing',
];

/**
 * Applies the example to the local stack's services with the real provider, sees that a second plan changes nothing, and
 * destroys it. Throws where something is not as it should be.
 * @returns The number of resources.
 */
export async function applyLocally(sources: readonly Source[], say: (step: string) => void): Promise<number> {
  const directory = await mkdtemp(join(tmpdir(), 'spillway-local-services-'));
  const services = await startLocalServices(directory, project, say);
  try {
    const workspace = await openWorkspace(sources.map(withoutOrder));
    try {
      await pointAt(workspace, services);
      return await applyAndDestroy(workspace, services, say);
    } finally {
      await workspace.remove();
    }
  } finally {
    await services.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

async function applyAndDestroy(
  workspace: Workspace,
  services: LocalServices,
  say: (step: string) => void,
): Promise<number> {
  const chosen = [
    '-input=false',
    `-var-file=${valuesOf(workspace, 'example')}`,
    '-var=keep_data=false',
    ...targets.map((target) => `-target=${target}`),
  ];
  await workspace.terraform('apply', '-auto-approve', ...chosen);
  const applied = (await workspace.terraform('state', 'list')).trim().split('\n');
  say(`${applied.length} resources are made. A second plan`);
  await expectNoChange(workspace, chosen);
  const made = await existing(services);
  if (made.length === 0) throw new Error('The services have none of what Terraform says that it has made.');
  say(`The services have ${made.join(', ')}. terraform destroy`);
  await workspace.terraform('destroy', '-auto-approve', ...chosen);
  const left = await existing(services);
  if (left.length > 0) throw new Error(`terraform destroy left ${left.join(', ')}.`);
  return applied.length;
}

async function expectNoChange(workspace: Workspace, chosen: string[]): Promise<void> {
  const file = join(workspace.folder, 'second.plan');
  await workspace.terraform('plan', `-out=${file}`, ...chosen);
  const { resource_changes } = changesSchema.parse(
    JSON.parse(await workspace.terraform('show', '-json', file)),
  );
  const changes = resource_changes.filter(({ change }) => change.actions.join() !== 'no-op');
  if (changes.length === 0) return;
  const addresses = changes.map(({ address, change }) => `${address} (${change.actions.join(', ')})`);
  throw new TerraformError(`After applying, a second plan still changes ${addresses.join(', ')}.`);
}

const changesSchema = z.object({
  resource_changes: z
    .array(z.object({ address: z.string(), change: z.object({ actions: z.array(z.string()) }) }))
    .default([]),
});

/** What the services have, as Google's own clients see it. */
async function existing({ pubsub: host, storage: address, firestore }: LocalServices): Promise<string[]> {
  const pubsub = new PubSub({ projectId: project, apiEndpoint: host, emulatorMode: true });
  const storage = new Storage({ projectId: project, apiEndpoint: address });
  const [[topics], [subscriptions], [buckets], routing] = await Promise.all([
    pubsub.getTopics(),
    pubsub.getSubscriptions(),
    storage.getBuckets(),
    fetch(`http://${firestore}/v1/projects/${project}/databases/(default)/documents/settings/routing`, {
      headers: { authorization: 'Bearer owner' },
    }),
  ]);
  await pubsub.close();
  return [
    ...buckets.map(({ name }) => `bucket ${name}`),
    ...[...topics, ...subscriptions].map(({ name }) => name.split('/').slice(-2).join(' ')),
    ...(routing.ok ? ['document settings/routing'] : []),
  ];
}

/** Without what only says in which order things are made: that would bring in rights and accounts. */
function withoutOrder({ path, text }: Source): Source {
  return { path, text: text.replaceAll(/^ {2}depends_on = \[[^\]]*\]\n/gm, '') };
}

/** Where the services are, and the few values that they do not take. */
async function pointAt(workspace: Workspace, services: LocalServices): Promise<void> {
  await workspace.override(
    'local_services',
    `provider "google" {
  # The emulator of Firestore takes this token for one that may do everything.
  access_token              = "owner"
  storage_custom_endpoint   = "${services.storage}/storage/v1/"
  pubsub_custom_endpoint    = "http://${services.pubsub}/v1/"
  firestore_custom_endpoint = "http://${services.firestore}/v1/"
}

locals {
  # Google's APIs cannot be switched on here.
  project = var.project
}

# The service that it pushes to is not here.
resource "google_pubsub_subscription" "jobs_run_push" {
  push_config {
    push_endpoint = "http://127.0.0.1:9/push"

    oidc_token {
      service_account_email = "spillway-pusher@${project}.iam.gserviceaccount.com"
      audience              = "http://127.0.0.1:9"
    }
  }
}

# The emulator keeps messages for 7 days at most, and Pub/Sub for 31.
resource "google_pubsub_subscription" "jobs_dead_pull" {
  message_retention_duration = "604800s"
}

# The emulator has its database from the start.
resource "google_firestore_document" "routing" {
  database = "(default)"
}
`,
  );
}
