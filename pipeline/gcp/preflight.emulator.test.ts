import { randomUUID } from 'node:crypto';
import { expect, inject, it, onTestFinished } from 'vitest';
import type { Need } from '../ports/preflight.ts';
import { checkNeeds, needs } from '../preflight.ts';
import { emulatorPorts } from '../testing/emulator-ports.ts';
import { subscriptionNames, topicNames } from '../topics.ts';

const stack = inject('stack');

/** A project of its own, in which Google's emulators have nothing yet. */
function emptyProject(buckets: Parameters<typeof emulatorPorts>[2] = {}) {
  const ports = emulatorPorts(`demo-preflight-${randomUUID().slice(0, 8)}`, undefined, buckets);
  onTestFinished(() => ports.close());
  const warnings: string[] = [];
  const log = { ...ports.log, warn: (_: object, message: string) => void warnings.push(message) };
  return { ports: { ...ports, log }, warnings };
}

type Empty = ReturnType<typeof emptyProject>['ports'];

async function createTopics({ pubsub }: Empty): Promise<void> {
  await Promise.all(Object.values(topicNames).map((name) => pubsub.createTopic(name)));
}

async function createSubscription({ pubsub }: Empty, name: string, expirationPolicy?: object): Promise<void> {
  const options = expirationPolicy ? { expirationPolicy } : {};
  await pubsub.topic(topicNames.vm).createSubscription(name, options);
}

it('a program that lacks nothing starts, and nothing is said', async () => {
  const { ports, warnings } = emptyProject();
  await createTopics(ports);
  await createSubscription(ports, subscriptionNames.vm, {});
  for (const program of ['functions', 'vm', 'run', 'site'] as const) await checkNeeds(program, ports);
  expect(warnings).toEqual([]);
});

it('a program that lacks several things is told of all of them, in one line, with the commands', async () => {
  const { ports } = emptyProject({ SPILLWAY_UPLOADS_BUCKET: 'nobody-made-this' });
  const why: string = await checkNeeds('vm', ports)
    .catch((error: Error) => `${error.name}: ${error.message}`)
    .then(String);
  expect(why).not.toContain('\n');
  expect(why).toMatch(/^NotSetUpError: /);
  for (const words of [
    'The subscription jobs-vm-pull does not exist. Mend it with: gcloud pubsub subscriptions create jobs-vm-pull --topic=jobs-vm',
    'The topic jobs-run does not exist. Mend it with: gcloud pubsub topics create jobs-run --project=demo-preflight-',
    'The bucket nobody-made-this does not exist. Mend it with: gcloud storage buckets create gs://nobody-made-this',
  ]) {
    expect(why).toContain(words);
  }
});

it.each<[Need, string | null]>([
  [{ kind: 'topic', topic: 'events' }, 'The topic job-events does not exist.'],
  [{ kind: 'vm_subscription' }, 'The subscription jobs-vm-pull does not exist.'],
  [{ kind: 'bucket', bucket: 'results', access: 'write' }, 'The bucket not-there does not exist.'],
  [{ kind: 'no_expiration', subscription: 'dead' }, null],
  [{ kind: 'database' }, null],
  [{ kind: 'indexes', of: 'routing' }, null],
  [{ kind: 'indexes', of: 'site' }, null],
])('of an empty project the need %j is answered by %j', async (need, what) => {
  const { ports } = emptyProject({ SPILLWAY_RESULTS_BUCKET: 'not-there' });
  const finding = await ports.preflight.examine(need);
  expect(finding?.what ?? null).toBe(what);
  expect(finding?.kind ?? 'lack').toBe('lack');
});

it('a subscription that may expire is warned of, and one that never does is not', async () => {
  const { ports, warnings } = emptyProject();
  await createTopics(ports);
  await createSubscription(ports, subscriptionNames.vm);
  await createSubscription(ports, subscriptionNames.run, { ttl: { seconds: 86_400 } });
  await createSubscription(ports, subscriptionNames.dead, {});
  await checkNeeds('functions', ports);
  await checkNeeds('vm', ports);
  const command = (name: string) => `gcloud pubsub subscriptions update ${name} --expiration-period=never`;
  expect(warnings).toEqual([
    expect.stringContaining(command('jobs-vm-pull')),
    expect.stringContaining(command('jobs-run-push')),
    expect.stringContaining(command('jobs-vm-pull')),
  ]);
});

it('the stack’s own subscriptions never expire', async () => {
  const ports = emulatorPorts(stack.project);
  onTestFinished(() => ports.close());
  // The programs of integrators make others in the same project.
  const policies = await Promise.all(
    Object.values(subscriptionNames).map(async (name) => {
      const [metadata] = await ports.pubsub.subscription(name).getMetadata();
      return metadata.expirationPolicy;
    }),
  );
  expect(policies).toEqual(Object.values(subscriptionNames).map(() => ({ ttl: null })));
  expect(Object.keys(needs)).toEqual(['functions', 'vm', 'run', 'site']);
});
