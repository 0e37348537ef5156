import { createJsonLog } from '@spillway/pipeline/json-log.ts';
import { jobEventsConfigShape } from '@spillway/pipeline/push/job-events-config.ts';
import { Pusher, type PushRequest } from '@spillway/pipeline/push/pusher.ts';
import { routedAtOnce, subscriptionNames } from '@spillway/pipeline/topics.ts';
import { z } from 'zod';
import { keepTokens } from '../metadata/kept-tokens.ts';
import { type Account, createTokenSigner } from '../metadata/token-signer.ts';
import { pushForms } from './push-requests.ts';

const account = z
  .string()
  .transform((text) => z.object({ email: z.email(), uniqueId: z.string() }).parse(JSON.parse(text)));

/** The part of Pub/Sub, and of Eventarc, that pushes. Google's emulator itself pushes two messages at a time, ever. */
const config = z
  .object({
    /** Where messages are pulled from: Google's emulator, or the file of the embedded engine. */
    SPILLWAY_ENGINE: z.enum(['google', 'embedded']).default('google'),
    PUBSUB_EMULATOR_HOST: z.string().default(''),
    SPILLWAY_DATABASE: z.string().default(''),
    SPILLWAY_PROJECT: z.string(),
    SPILLWAY_PUSH_ROUTE_URL: z.url(),
    SPILLWAY_PUSH_ROUTE_WEB_URL: z.url(),
    SPILLWAY_PUSH_RUN_URL: z.url(),
    SPILLWAY_PUSH_EVENTS: z.enum(pushForms),
    /** Milliseconds. */
    SPILLWAY_PUSH_DEADLINE_MS: z.coerce.number().positive(),
    /** The accounts whose identity tokens Pub/Sub's pushes and Eventarc's deliveries carry, as JSON. */
    SPILLWAY_PUSH_ACCOUNT: account,
    SPILLWAY_EVENTS_ACCOUNT: account,
    ...jobEventsConfigShape,
    /** The key that the local cloud signs tokens with. */
    SPILLWAY_TOKEN_KEY: z.string(),
  })
  .parse(process.env);

const log = createJsonLog('pusher');
const sourceOf = await sources();
const signer = keepTokens(await createTokenSigner(config.SPILLWAY_TOKEN_KEY));

const pushers = [
  {
    name: subscriptionNames.run,
    form: 'wrapped' as const,
    url: config.SPILLWAY_PUSH_RUN_URL,
    caller: config.SPILLWAY_PUSH_ACCOUNT,
  },
  ...[
    { name: subscriptionNames.uploads, url: config.SPILLWAY_PUSH_ROUTE_URL },
    { name: subscriptionNames.webUploads, url: config.SPILLWAY_PUSH_ROUTE_WEB_URL },
  ].map((trigger) => ({
    ...trigger,
    form: config.SPILLWAY_PUSH_EVENTS,
    caller: config.SPILLWAY_EVENTS_ACCOUNT,
    // One instance of each function runs here.
    mostAtOnce: routedAtOnce,
  })),
].map(({ form, url, caller, ...subscription }) => {
  return new Pusher({
    ...subscription,
    source: sourceOf(subscription.name, form),
    send: (request, signal) => post(url, caller, request, signal),
    deadlineMs: config.SPILLWAY_PUSH_DEADLINE_MS,
    log: (line) => log.info({}, line),
  });
});

const jobEvents = await startJobEvents();

for (const reason of ['SIGTERM', 'SIGINT', 'disconnect']) process.on(reason, () => void end());
for (const pusher of pushers) void pusher.run();
process.send?.({ ready: true });

/** Loads the client of one engine. */
async function sources() {
  switch (config.SPILLWAY_ENGINE) {
    case 'google': {
      const { emulatorSources } = await import('./emulator-source.ts');
      return emulatorSources(config.PUBSUB_EMULATOR_HOST, config.SPILLWAY_PROJECT);
    }
    case 'embedded': {
      const { embeddedSources } = await import('./embedded-source.ts');
      return embeddedSources(config.SPILLWAY_DATABASE, config.SPILLWAY_PROJECT);
    }
    default:
      return config.SPILLWAY_ENGINE satisfies never;
  }
}

/** In Pub/Sub people have subscriptions of their own for the ends of jobs. */
async function startJobEvents() {
  if (config.SPILLWAY_ENGINE === 'google') return null;
  const events = await import('@spillway/pipeline/embedded/job-events.ts');
  return events.startJobEvents(config.SPILLWAY_DATABASE, config, log);
}

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
  await Promise.all([...pushers, jobEvents].map((each) => each?.stop()));
  process.exit(0);
}
