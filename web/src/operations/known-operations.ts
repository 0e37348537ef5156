import { type ReadonlySignal, signal } from '@preact/signals';
import type { Offer } from '@spillway/core/offers.ts';
import type { ManifestView } from '@spillway/core/operations/manifest-view.ts';
import type { OperationManifest } from '@spillway/core/operations/operation.ts';
import {
  addOperations,
  isOperationName,
  manifestOf,
  type OperationName,
  operationNames,
} from '@spillway/core/operations.ts';
import { operationListSchema } from '@spillway/web/api/schema.ts';
import { requestJson } from '../http/request.ts';

/** A worker may come that can do what none could. Milliseconds. */
const askAgainMs = 20_000;

/** Of the server's last answer; empty where it is not known, and then everything counts as offered. */
const offers = signal<Readonly<Record<string, Offer>>>({});

const known = signal<readonly OperationName[]>([...operationNames]);

/** The registry's names, as a signal: the built-in ones at first, and plug-ins once the API has named them. */
export const knownOperations: ReadonlySignal<readonly OperationName[]> = known;

/**
 * Adds the plug-ins of the server to the registry of this page. A page that cannot reach the server goes on with the
 * built-in operations: everything else on it will say that the server is away.
 */
export async function learnOperations(signal: AbortSignal): Promise<void> {
  const reply = await requestJson('/operations', operationListSchema, { signal });
  if (!reply.ok) return;
  const unknown = reply.value.operations.filter(({ name }) => !isOperationName(name));
  if (unknown.length > 0 && !(await addUnknown(unknown))) return;
  known.value = [...operationNames];
  offers.value = reply.value.offers;
}

const everything: Offer = { available: true, models: null };

/** What some worker can do of the operation at the moment. Reads the signal. */
export function offerFor(operation: OperationName): Offer {
  return offers.value[operation] ?? everything;
}

function isAllOffered(): boolean {
  return Object.values(offers.peek()).every(({ available, models }) => available && models === null);
}

/** False where the line broke before the code for it was there. */
async function addUnknown(unknown: readonly ManifestView[]): Promise<boolean> {
  const code = await import('@spillway/core/operations/manifest-of-view.ts').catch(() => null);
  if (code === null) return false;
  addOperations(unknown.map((view) => ({ manifest: code.manifestOfView(view), module: null })));
  return true;
}

/**
 * For an island's effect: learns the operations, asks again from time to time while something is not offered, and gives
 * up when the island goes.
 */
export function startLearning(): () => void {
  const leaving = new AbortController();
  const learn = () =>
    learnOperations(leaving.signal).catch((problem: unknown) => {
      if (!leaving.signal.aborted) throw problem;
    });
  void learn();
  const again = setInterval(() => {
    if (!document.hidden && !isAllOffered()) void learn();
  }, askAgainMs);
  return () => {
    clearInterval(again);
    leaving.abort();
  };
}

/** The manifest of a job's operation; null for a name that is not in the registry. Reads the signal. */
export function manifestFor(operation: string): OperationManifest | null {
  return known.value.length > 0 && isOperationName(operation) ? manifestOf(operation) : null;
}
