import { readFileSync } from 'node:fs';
import { runConfigSchema } from '@spillway/cloudrun-worker/config.ts';
import { defaultRoutingSettings } from '@spillway/core/settings.ts';
import { ackDeadline } from '@spillway/emulators/resources.ts';
import { functionsConfigSchema } from '@spillway/functions/config.ts';
import { parseConfig } from '@spillway/pipeline/config.ts';
import { subscriptionNames, topicNames } from '@spillway/pipeline/gcp/queue.ts';
import { needs } from '@spillway/pipeline/preflight.ts';
import { vmConfigSchema } from '@spillway/vm-worker/config.ts';
import { readWebConfig } from '@spillway/web/config.ts';
import { describe, expect, it } from 'vitest';
import { configuration, localLines, localNames, resource, resources, textsIn } from './configuration.ts';

/** Eventarc makes topics and subscriptions of its own for uploads. */
const { uploads: _topic, ...topics } = topicNames;
const { uploads: _subscription, ...subscriptions } = subscriptionNames;

/** The programs by the names of their accounts here. */
const programs = { functions: needs.functions, vm: needs.vm, worker: needs.run, site: needs.site };

/** A number or a line of text from the body of a resource. */
const field = (body: string, name: string) => body.match(new RegExp(`^ *${name} += (.*)$`, 'm'))?.[1];

describe('Pub/Sub', () => {
  const all = resources.filter(({ type }) => type === 'google_pubsub_subscription');
  const ofJobs = all.filter(({ name }) => name !== 'jobs_dead_pull');

  it('has the topics and subscriptions that programs use', () => {
    const made = textsIn(field(resource('google_pubsub_topic', 'topics'), 'for_each') ?? '');
    expect(made.sort()).toEqual(Object.values(topics).sort());
    const names = all.map(({ body }) => textsIn(field(body, 'name') ?? '')[0]);
    expect(names.sort()).toEqual(Object.values(subscriptions).sort());
  });

  it.each(all)('$name never expires', ({ body }) => {
    expect(body).toMatch(/expiration_policy \{\s+ttl = ""\s+\}/);
  });

  it.each(ofJobs)(
    '$name has dead letters, and gives jobs as long as the local stack does',
    ({ body, name }) => {
      expect(body).toMatch(
        /dead_letter_policy \{\s+dead_letter_topic += google_pubsub_topic\.topics\["jobs-dead"\]\.id/,
      );
      const seconds = field(body, 'ack_deadline_seconds');
      const expected = name.endsWith('push') ? ackDeadline.push : ackDeadline.pull;
      const known =
        seconds === 'local.push_deadline_seconds' ? field(configuration, 'push_deadline_seconds') : seconds;
      expect(Number(known)).toBe(expected);
    },
  );

  it('lets its own account move messages to the dead letters', () => {
    const grants = resource('google_pubsub_subscription_iam_member', 'dead_letters');
    for (const { name } of ofJobs) expect(grants).toContain(`google_pubsub_subscription.${name}.name`);
    for (const type of ['google_pubsub_subscription_iam_member', 'google_pubsub_topic_iam_member']) {
      expect(field(resource(type, 'dead_letters'), 'member')).toBe('local.agents.pubsub');
    }
  });
});

describe.each(Object.entries(programs))('the account of %s', (account, needed) => {
  it('publishes to the topics that the program needs, and to no other', () => {
    const line = localLines('publishers').find((each) => each.startsWith(`${account} `)) ?? '';
    const wanted = needed.flatMap((need) => (need.kind === 'topic' ? [topicNames[need.topic]] : []));
    expect(textsIn(line).sort()).toEqual(wanted.sort());
  });

  it('reads and writes the buckets that the program needs so', () => {
    const line = localLines('bucket_access').find((each) => each.startsWith(`${account} `)) ?? '';
    const granted = [...line.matchAll(/(\w+) = "(\w+)"/g)].map(([, bucket, access]) => `${access} ${bucket}`);
    const wanted = needed.flatMap((need) => {
      if (need.kind !== 'bucket') return [];
      const bucket = need.bucket === 'webUploads' ? 'web_uploads' : need.bucket;
      return [`${need.access === 'write' ? 'writes' : 'reads'} ${bucket}`];
    });
    expect(granted.sort()).toEqual(wanted.sort());
  });
});

describe('the environment', () => {
  /** Values that every variable of that name takes. What is not here is a number. */
  const values: Record<string, string> = {
    SPILLWAY_PROJECT: 'project',
    SPILLWAY_UPLOADS_BUCKET: 'uploads',
    SPILLWAY_WEB_UPLOADS_BUCKET: 'web-uploads',
    SPILLWAY_RESULTS_BUCKET: 'results',
    SPILLWAY_SESSION_SECRET: 's'.repeat(48),
    SPILLWAY_ADMIN_TOKEN: 's'.repeat(48),
    SPILLWAY_PUBLIC_URL: 'https://pictures.example.com',
    SPILLWAY_DELETION: 'as_bucket',
    SPILLWAY_MODELS_DIR: '/models',
    SPILLWAY_MODELS_SOURCE: 'gs://models',
    SPILLWAY_WORK_DIR: '/work',
    SPILLWAY_SWEEP_FOR_MS: '55000',
    SPILLWAY_SITE_PAGES: 'admin',
    SPILLWAY_IAP_AUDIENCE: '/projects/1/locations/us-central1/services/admin',
    SPILLWAY_ADMINS: '*',
    SPILLWAY_METRICS: 'cloud',
    SPILLWAY_SANDBOX: 'required',
  };
  const session = ['SPILLWAY_SESSION_SECRET'];
  const readers: [program: string, more: string[], read: (environment: Record<string, string>) => object][] =
    [
      ['functions', [], (environment) => parseConfig(functionsConfigSchema, environment)],
      ['worker', [], (environment) => parseConfig(runConfigSchema, environment)],
      ['vm', [], (environment) => parseConfig(vmConfigSchema, environment)],
      ['site', session, (environment) => readWebConfig(environment)],
      ['admin', [...session, 'SPILLWAY_ADMIN_TOKEN'], (environment) => readWebConfig(environment)],
      ['admin', [...session, ...localNames('iap_environment')], (environment) => readWebConfig(environment)],
    ];

  it.each(readers)(
    'of %s with %j is all that it requires, and nothing that it does not read',
    (program, more, read) => {
      const names = [...localNames('environment'), ...localNames(`${program}_environment`), ...more];
      const pages = program === 'site' ? { SPILLWAY_SITE_PAGES: 'visitors' } : {};
      const config = read({
        ...Object.fromEntries(names.map((name) => [name, values[name] ?? '1'])),
        ...pages,
      });
      expect(names.filter((name) => !(name in config))).toEqual([]);
    },
  );
});

describe('the limits of Cloud Run', () => {
  const worker = localLines('worker_service').map((line) => line.replaceAll(/ +/g, ' '));

  it('are one for slots, service and routers, and the service may have one instance more', () => {
    expect(worker).toContain('concurrency = var.run_concurrency');
    expect(localLines('worker_environment')).toContain('SPILLWAY_SLOTS = tostring(var.run_concurrency)');
    expect(worker).toContain('max_instances = var.run_max_instances + 1');
    const run = localLines('routing_run').map((line) => line.replaceAll(/ +/g, ' '));
    expect(run).toContain('concurrency = { integerValue = tostring(var.run_concurrency) }');
    expect(run).toContain('maxInstances = { integerValue = tostring(var.run_max_instances) }');
    expect(localNames('routing_run').filter((name) => !(name in defaultRoutingSettings.run))).toEqual([]);
  });

  it('give a request as long as Pub/Sub waits for it', () => {
    expect(worker).toContain('timeout_seconds = local.push_deadline_seconds');
  });
});

it('both buckets of uploads have a trigger', () => {
  const trigger = resource('google_eventarc_trigger', 'uploads');
  for (const bucket of ['uploads', 'web_uploads']) {
    expect(trigger).toContain(`google_storage_bucket.pictures["${bucket}"].name`);
  }
});

it('no bucket can be made public, and pages reach only the one of the site', () => {
  for (const { type, body } of resources) {
    if (type !== 'google_storage_bucket') continue;
    expect(field(body, 'public_access_prevention')).toBe('"enforced"');
    expect(field(body, 'uniform_bucket_level_access')).toBe('true');
  }
  const withPages = localLines('pictures').filter((line) => !line.includes('pages = []'));
  expect(withPages.map((line) => line.split(' ')[0])).toEqual(['web_uploads']);
});

it('no role is broad, and everybody may open the site and nothing else', () => {
  const roles = textsIn(configuration).filter((text) => text.startsWith('roles/'));
  expect(roles.length).toBeGreaterThan(15);
  expect(roles.filter((role) => /^roles\/(owner|editor|viewer)$|admin/i.test(role))).toEqual([]);
  const open = resources.filter(({ body }) => /"all(Authenticated)?Users"/.test(body));
  expect(open.map(({ name }) => name)).toEqual(['everybody_opens_site']);
});

it('indexes, exemptions and TTL policies are those of the file that the programs are tested with', () => {
  const path = configuration.match(/jsondecode\(file\("\$\{path\.module\}\/([^"]+)"\)\)/)?.[1] ?? '';
  const file = JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));
  expect(file.indexes.length).toBeGreaterThan(10);
  expect(field(resource('google_firestore_index', 'composite'), 'for_each')).toBe('local.indexes');
  expect(field(resource('google_firestore_field', 'overrides'), 'for_each')).toBe('local.fields');
});
