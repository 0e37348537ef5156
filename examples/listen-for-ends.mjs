// Prints a line for every job that ends, until the named object's jobs have.
//   node examples/listen-for-ends.mjs sketch/photo.jpg
import { randomUUID } from 'node:crypto';
import { PubSub } from '@google-cloud/pubsub';
import { readStack } from './stack.mjs';

const [awaited] = process.argv.slice(2);
const { project, pubsub: apiEndpoint } = await readStack();
const pubsub = new PubSub({ projectId: project, apiEndpoint, emulatorMode: true });

// Every subscription gets every event. A program that runs for long keeps one, and misses nothing while it is down.
const [subscription] = await pubsub.topic('job-events').createSubscription(`example-${randomUUID()}`);
console.log('Listening.');

subscription.on('message', async (message) => {
  const { state, operation, source, result, error } = JSON.parse(message.data.toString());
  // An event may come twice: `message.attributes['ce-id']` is the same then.
  message.ack();
  console.log(`${state}: ${operation} of ${source.name}: ${result?.name ?? error?.message ?? 'no result'}`);
  if (source.name === awaited) await end();
});
subscription.on('error', (error) => {
  console.error(error);
  process.exitCode = 1;
});

async function end() {
  await subscription.close();
  await pubsub.subscription(subscription.name).delete();
  await pubsub.close();
}
process.once('SIGINT', end);
