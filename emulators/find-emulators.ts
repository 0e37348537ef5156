import { execFile } from 'node:child_process';
import { access, mkdir, readdir, realpath, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { StartError } from '@spillway/supervisor/start-error.ts';

const run = promisify(execFile);

/** The oldest Java on which Google's emulators run. */
const oldestJava = 11;
export const installJava =
  '`sudo apt-get install default-jre-headless` (Debian, Ubuntu) or `brew install openjdk`';

/** Checks for Java, on which Google's emulators run. Throws `StartError`. */
export async function requireJava(): Promise<void> {
  const lack = await lackOfJava();
  if (lack !== null) {
    throw new StartError(
      `Google's emulators need Java ${oldestJava} or newer, and ${lack}. Install it: ${installJava}. ` +
        'Or start without them: `npm start -- --engine embedded`.',
    );
  }
}

/** What is wrong with this machine's Java, as half a sentence; null where nothing is. */
export async function lackOfJava(): Promise<string | null> {
  const said = await run('java', ['-version']).catch(() => null);
  if (said === null) return 'there is no `java` on this machine';
  const version = javaVersion(said.stderr);
  return version !== null && version < oldestJava ? `\`java\` on this machine is version ${version}` : null;
}

/** @param said Of `java -version`: before 9, the number came after `1.`. Null where it says nothing like that. */
export function javaVersion(said: string): number | null {
  const [, version] = /version "(?:1\.)?(\d+)/.exec(said) ?? [];
  return version === undefined ? null : Number(version);
}

/**
 * Environment variables that point firebase-tools at the emulators of an installed Cloud SDK. Empty if there is none:
 * firebase-tools then uses or fetches its own copies.
 */
export async function cloudSdkEmulators(directory: string): Promise<Record<string, string>> {
  const sdk = await cloudSdkRoot();
  if (!sdk) return {};
  const { pubsub, firestore } = sdkPaths(sdk);
  return {
    ...((await exists(pubsub)) ? { PUBSUB_EMULATOR_BINARY_PATH: pubsub } : {}),
    ...((await exists(firestore))
      ? { FIRESTORE_EMULATOR_BINARY_PATH: await runnableJar(firestore, directory) }
      : {}),
  };
}

/** Whether both emulators are on this machine: of an installed Cloud SDK, or fetched by firebase-tools. */
export async function emulatorsAreHere(): Promise<boolean> {
  const sdk = await cloudSdkRoot();
  if (sdk === null) return hasFetchedEmulators();
  const installed = await Promise.all(Object.values(sdkPaths(sdk)).map(exists));
  return installed.every(Boolean) || hasFetchedEmulators();
}

/** Whether firebase-tools has fetched both emulators before. */
export async function hasFetchedEmulators(): Promise<boolean> {
  const names = await readdir(join(homedir(), '.cache/firebase/emulators')).catch(() => []);
  return ['cloud-firestore-emulator', 'pubsub-emulator'].every((start) =>
    names.some((name) => name.startsWith(start)),
  );
}

function sdkPaths(sdk: string): { pubsub: string; firestore: string } {
  return {
    pubsub: join(sdk, 'platform/pubsub-emulator/bin/cloud-pubsub-emulator'),
    firestore: join(sdk, 'platform/cloud-firestore-emulator/cloud-firestore-emulator.jar'),
  };
}

async function cloudSdkRoot(): Promise<string | null> {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const gcloud = join(folder, 'gcloud');
    if (await exists(gcloud)) return dirname(dirname(await realpath(gcloud)));
  }
  return null;
}

/**
 * firebase-tools runs `java -jar`, and the Cloud SDK's jar has no manifest, so this makes a jar with only a manifest.
 */
async function runnableJar(jar: string, directory: string): Promise<string> {
  const manifest = [
    'Manifest-Version: 1.0',
    'Main-Class: com.google.cloud.datastore.emulator.firestore.CloudFirestore',
    `Class-Path: ${pathToFileURL(jar).href}`,
  ];
  const { strToU8, zipSync } = await import('fflate');
  const text = `${manifest.map(wrapped).join('\r\n')}\r\n`;
  const path = join(directory, 'firestore-emulator.jar');
  await mkdir(directory, { recursive: true });
  await writeFile(path, zipSync({ 'META-INF/MANIFEST.MF': strToU8(text) }));
  return path;
}

/** A manifest's lines hold at most 72 bytes; longer ones go on after a line break and a space. */
function wrapped(line: string): string {
  return line.slice(0, 70) + (line.slice(70).match(/.{1,69}/g) ?? []).map((part) => `\r\n ${part}`).join('');
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
