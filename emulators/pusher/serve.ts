import { PubSub, v1 } from '@google-cloud/pubsub';
import { subscriptionNames } from '@spillway/pipeline/gcp/queue.ts';
import { z } from 'zod';
import { emulatorSource } from './emulator-source.ts';
import { type PushRequest, pushForms } from './push-requests.ts';
import { Pusher } from './pusher.ts';

/** The part of Pub/Sub, and of Eventarc, that pushes. Google's emulator itself pushes two messages at a time, ever. */
const config = z
  .object({
    SPILLWAY_PROJECT: z.string(),
    PUBSUB_EMULATOR_HOST: z.string(),
    SPILLWAY_PUSH_ROUTE_URL: z.url(),
    SPILLWAY_PUSH_RUN_URL: z.url(),
    SPILLWAY_PUSH_EVENTS: z.enum(pushForms),
    /** Milliseconds. */
    SPILLWAY_PUSH_DEADLINE_MS: z.coerce.number().positive(),
  })
  .parse(process.env);

const pubsub = new PubSub({
  projectId: config.SPILLWAY_PROJECT,
  apiEndpoint: config.PUBSUB_EMULATOR_HOST,
  emulatorMode: true,
});
const client = new v1.SubscriberClient(
  (await pubsub.getClientConfig()) as ConstructorParameters<typeof v1.SubscriberClient>[0],
);

const pushers = [
  { name: subscriptionNames.run, form: 'wrapped' as const, url: config.SPILLWAY_PUSH_RUN_URL },
  { name: subscriptionNames.uploads, form: config.SPILLWAY_PUSH_EVENTS, url: config.SPILLWAY_PUSH_ROUTE_URL },
].map(({ name, form, url }) => {
  const subscription = `projects/${config.SPILLWAY_PROJECT}/subscriptions/${name}`;
  return new Pusher({
    name,
    source: emulatorSource(client, subscription, form),
    send: (request, signal) => post(url, request, signal),
    deadlineMs: config.SPILLWAY_PUSH_DEADLINE_MS,
    log: (line) => console.log(line),
  });
});

for (const reason of ['SIGTERM', 'SIGINT', 'disconnect']) process.on(reason, () => void end());
for (const pusher of pushers) void pusher.run();
process.send?.({ ready: true });

async function post(url: string, { headers, body }: PushRequest, signal: AbortSignal): Promise<number> {
  const answer = await fetch(url, { method: 'POST', headers, body, signal, redirect: 'manual' });
  await answer.body?.cancel();
  return answer.status;
}

async function end(): Promise<void> {
  await Promise.all(pushers.map((pusher) => pusher.stop()));
  process.exit(0);
}
