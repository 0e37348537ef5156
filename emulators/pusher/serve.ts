import { PubSub, v1 } from '@google-cloud/pubsub';
import { createJsonLog } from '@spillway/pipeline/json-log.ts';
import { subscriptionNames } from '@spillway/pipeline/topics.ts';
import { z } from 'zod';
import { type Account, createTokenSigner } from '../metadata/token-signer.ts';
import { emulatorSource } from './emulator-source.ts';
import { type PushRequest, pushForms } from './push-requests.ts';
import { Pusher } from './pusher.ts';

const account = z
  .string()
  .transform((text) => z.object({ email: z.email(), uniqueId: z.string() }).parse(JSON.parse(text)));

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
    /** The accounts whose identity tokens Pub/Sub's pushes and Eventarc's deliveries carry, as JSON. */
    SPILLWAY_PUSH_ACCOUNT: account,
    SPILLWAY_EVENTS_ACCOUNT: account,
    /** The key that the local cloud signs tokens with. */
    SPILLWAY_TOKEN_KEY: z.string(),
  })
  .parse(process.env);

const log = createJsonLog('pusher');
const pubsub = new PubSub({
  projectId: config.SPILLWAY_PROJECT,
  apiEndpoint: config.PUBSUB_EMULATOR_HOST,
  emulatorMode: true,
});
const client = new v1.SubscriberClient(
  (await pubsub.getClientConfig()) as ConstructorParameters<typeof v1.SubscriberClient>[0],
);

const signer = await createTokenSigner(config.SPILLWAY_TOKEN_KEY);

const pushers = [
  {
    name: subscriptionNames.run,
    form: 'wrapped' as const,
    url: config.SPILLWAY_PUSH_RUN_URL,
    caller: config.SPILLWAY_PUSH_ACCOUNT,
  },
  {
    name: subscriptionNames.uploads,
    form: config.SPILLWAY_PUSH_EVENTS,
    url: config.SPILLWAY_PUSH_ROUTE_URL,
    caller: config.SPILLWAY_EVENTS_ACCOUNT,
  },
].map(({ name, form, url, caller }) => {
  const subscription = `projects/${config.SPILLWAY_PROJECT}/subscriptions/${name}`;
  return new Pusher({
    name,
    source: emulatorSource(client, subscription, form),
    send: (request, signal) => post(url, caller, request, signal),
    deadlineMs: config.SPILLWAY_PUSH_DEADLINE_MS,
    log: (line) => log.info({}, line),
  });
});

for (const reason of ['SIGTERM', 'SIGINT', 'disconnect']) process.on(reason, () => void end());
for (const pusher of pushers) void pusher.run();
process.send?.({ ready: true });

async function post(
  url: string,
  caller: Account,
  { headers, body }: PushRequest,
  signal: AbortSignal,
): Promise<number> {
  // Where no audience is configured, it is the endpoint: https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions
  const authorization = `Bearer ${await signer.identityToken(caller, url)}`;
  const answer = await fetch(url, {
    method: 'POST',
    headers: { ...headers, authorization },
    body,
    signal,
    redirect: 'manual',
  });
  await answer.body?.cancel();
  return answer.status;
}

async function end(): Promise<void> {
  await Promise.all(pushers.map((pusher) => pusher.stop()));
  process.exit(0);
}
