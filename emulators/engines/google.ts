import { join } from 'node:path';
import type { PubSub } from '@google-cloud/pubsub';
import type { Supervisor } from '@spillway/supervisor/supervisor.ts';
import type { GooglePorts } from '../choose-ports.ts';
import { requireJava } from '../find-emulators.ts';
import { exportFirestore } from '../firestore-export.ts';
import { emulatorsPart, type Plan } from '../parts.ts';
import { createTopics } from './google-topics.ts';
import type { RunLimits, StackEngine } from './stack-engine.ts';

/** Time between two saves. What was not saved is lost if the emulators die. Milliseconds. */
const saveEveryMs = 30_000;
const emulators = 'emulators';

/**
 * Google's emulators of Firestore and Pub/Sub.
 * @param findLostUploads Routes again what the emulators forgot.
 */
export async function createGoogleEngine(
  plan: Plan,
  ports: GooglePorts,
  supervisor: Supervisor,
  say: (line: string) => void,
  findLostUploads: () => Promise<void>,
): Promise<StackEngine> {
  await requireJava();
  const { project } = plan.stack;
  // Google's client would look for the cloud's metadata server, and warn that there is none.
  process.env.METADATA_SERVER_DETECTION ??= 'none';
  const { PubSub: Client } = await import('@google-cloud/pubsub');
  const pubsub: PubSub = new Client({
    projectId: project,
    apiEndpoint: `127.0.0.1:${ports.behind.pubsub}`,
    emulatorMode: true,
  });
  const exportsDirectory = join(plan.dataDirectory, 'firestore');
  const firestore = `127.0.0.1:${ports.behind.firestore}`;
  const createAllTopics = () => createTopics(pubsub, project);
  let saving: Promise<void> = Promise.resolve();
  /** Firestore has loaded the last save: a new save now loses nothing. */
  let holdsData = false;

  function save(): Promise<void> {
    saving = saving
      .then(() => exportFirestore(exportsDirectory, firestore, project))
      .catch((error: unknown) => say(`Firestore's content was not saved: ${String(error)}`));
    return saving;
  }

  return {
    name: "Google's Firestore and Pub/Sub emulators",
    parts: [emulators],
    async start() {
      // When they end, Pub/Sub's emulator loses its topics and messages, and Firestore's what was not saved.
      const recover = async () => {
        await createAllTopics();
        await findLostUploads();
        say('Uploads whose jobs were lost with the emulators are being routed again.');
      };
      await supervisor.start(await emulatorsPart(plan, ports, exportsDirectory, recover));
      holdsData = true;
      await createAllTopics();
    },
    limitCloudRun: (limits) => limitCloudRun(firestore, project, limits),
    forgetCloudRun: () => forgetCloudRun(firestore, project),
    keepSaving() {
      const timer = setInterval(() => void save(), saveEveryMs);
      return () => clearInterval(timer);
    },
    async end() {
      if (holdsData) await save();
      await supervisor.stop(emulators);
      await pubsub.close();
    },
  };
}

/** @param host Firestore's emulator. */
async function limitCloudRun(host: string, project: string, limits: RunLimits): Promise<void> {
  const fields = Object.entries(limits).map(([name, value]) => [name, asValue(value)]);
  const mask = Object.keys(limits).map((name) => `updateMask.fieldPaths=run.${name}`);
  const document = { run: { mapValue: { fields: Object.fromEntries(fields) } } };
  const answer = await patch(host, project, `settings/routing?${mask.join('&')}`, document);
  if (!answer.ok) throw new Error(`Firestore's emulator took no settings: ${await answer.text()}`);
}

/** As Firestore's REST API writes values. */
function asValue(value: number | readonly string[]): object {
  return typeof value === 'number'
    ? { integerValue: String(value) }
    : { arrayValue: { values: value.map((text) => ({ stringValue: text })) } };
}

async function forgetCloudRun(host: string, project: string): Promise<void> {
  const mask = 'updateMask.fieldPaths=breaker&updateMask.fieldPaths=push&currentDocument.exists=true';
  const answer = await patch(host, project, `routing/state?${mask}`, {});
  // At the first start there is no such document.
  if (!answer.ok && answer.status !== 404) {
    throw new Error(`Firestore's emulator keeps what routers know: ${await answer.text()}`);
  }
}

/** Firestore's emulator takes the token `owner` for one that may do everything. */
function patch(host: string, project: string, target: string, fields: object): Promise<Response> {
  return fetch(`http://${host}/v1/projects/${project}/databases/(default)/documents/${target}`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/json', authorization: 'Bearer owner' },
    body: JSON.stringify({ fields }),
  });
}
