import type { Engine } from '@spillway/pipeline/stack-file.ts';
import { emulatorsAreHere, installJava, lackOfJava } from './find-emulators.ts';

/** Where firebase-tools fetches the emulators from. */
const emulatorsOrigin = 'https://storage.googleapis.com/';
/** Nobody waits longer to learn that there is no network. Milliseconds. */
const reachWithinMs = 2_000;

/** Whether a stack on this machine can run on Google's emulators. */
export type GoogleOnThisMachine =
  | { kind: 'here' }
  /** The first start fetches them. */
  | { kind: 'can_be_fetched' }
  /** `lack` and `mend` as halves of sentences. */
  | { kind: 'lacking'; lack: string; mend: string };

export interface Machine {
  lackOfJava(): Promise<string | null>;
  emulatorsAreHere(): Promise<boolean>;
  /** Whether the network reaches the place where emulators are fetched from. */
  reachesEmulators(): Promise<boolean>;
}

export interface EngineChoice {
  engine: Engine;
  /** One line for the person who starts the stack; null where there is nothing to say. */
  why: string | null;
}

/** The engine that is asked for, else Google's emulators where they can be had, else the embedded one. */
export async function chooseEngine(
  asked: Engine | null,
  machine: Machine = thisMachine,
): Promise<EngineChoice> {
  if (asked !== null) return { engine: asked, why: null };
  const google = await lookForGoogle(machine);
  switch (google.kind) {
    case 'here':
    case 'can_be_fetched':
      return { engine: 'google', why: null };
    case 'lacking':
      return {
        engine: 'embedded',
        why: `On the embedded engine, because ${google.lack}. To run on Google's Firestore and Pub/Sub emulators, ${google.mend}.`,
      };
    default:
      return google satisfies never;
  }
}

/** Looks, and fetches nothing. */
export async function lookForGoogle(machine: Machine = thisMachine): Promise<GoogleOnThisMachine> {
  const lack = await machine.lackOfJava();
  if (lack !== null) return { kind: 'lacking', lack, mend: `install Java 11 or newer: ${installJava}` };
  if (await machine.emulatorsAreHere()) return { kind: 'here' };
  if (await machine.reachesEmulators()) return { kind: 'can_be_fetched' };
  return {
    kind: 'lacking',
    lack: `the emulators are not on this machine and ${emulatorsOrigin} does not answer`,
    mend: 'connect once and start again, or run `gcloud components install cloud-firestore-emulator pubsub-emulator`',
  };
}

/** Why what is on this machine is not enough for Google's emulators, as a sentence; null where it is. */
export async function whyNotGoogle(machine: Machine = thisMachine): Promise<string | null> {
  const google = await lookForGoogle(machine);
  switch (google.kind) {
    case 'here':
      return null;
    case 'can_be_fetched':
      return "Google's emulators are not on this machine. `npm start -- --engine google` fetches them.";
    case 'lacking':
      return `Google's emulators cannot run: ${google.lack}. Mend it: ${google.mend}.`;
    default:
      return google satisfies never;
  }
}

const thisMachine: Machine = {
  lackOfJava,
  emulatorsAreHere,
  reachesEmulators: () =>
    fetch(emulatorsOrigin, { method: 'HEAD', signal: AbortSignal.timeout(reachWithinMs) }).then(
      () => true,
      () => false,
    ),
};
