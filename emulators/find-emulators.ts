import { execFile } from 'node:child_process';
import { access, mkdir, readdir, realpath, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { StartError } from '@spillway/supervisor/start-error.ts';
import { strToU8, zipSync } from 'fflate';

const run = promisify(execFile);

/** Checks for Java, on which Google's emulators run. Throws `StartError`. */
export async function requireJava(): Promise<void> {
  try {
    await run('java', ['-version']);
  } catch {
    throw new StartError(
      "Google's emulators need Java 11 or newer, and there is no `java` on this machine. " +
        'Install it: `sudo apt-get install default-jre-headless` (Debian, Ubuntu) or `brew install openjdk`.',
    );
  }
}

/**
 * Environment variables that point firebase-tools at the emulators of an installed Cloud SDK. Empty if there is none:
 * firebase-tools then uses or fetches its own copies.
 */
export async function cloudSdkEmulators(directory: string): Promise<Record<string, string>> {
  const sdk = await cloudSdkRoot();
  if (!sdk) return {};
  const pubsub = join(sdk, 'platform/pubsub-emulator/bin/cloud-pubsub-emulator');
  const firestore = join(sdk, 'platform/cloud-firestore-emulator/cloud-firestore-emulator.jar');
  return {
    ...((await exists(pubsub)) ? { PUBSUB_EMULATOR_BINARY_PATH: pubsub } : {}),
    ...((await exists(firestore))
      ? { FIRESTORE_EMULATOR_BINARY_PATH: await runnableJar(firestore, directory) }
      : {}),
  };
}

/** Whether firebase-tools has fetched both emulators before. */
export async function hasFetchedEmulators(): Promise<boolean> {
  const names = await readdir(join(homedir(), '.cache/firebase/emulators')).catch(() => []);
  return ['cloud-firestore-emulator', 'pubsub-emulator'].every((start) =>
    names.some((name) => name.startsWith(start)),
  );
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
