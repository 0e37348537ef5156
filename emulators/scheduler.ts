import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** What the calls carry: an identity token of the scheduler's account for this address. */
export type TokenFor = (address: string) => Promise<string>;

/**
 * Calls the scheduled functions as Cloud Scheduler does: the sweep every minute, the search for lost uploads every
 * hour, both once at the start. A failed call is not repeated before the next one is due. Returns a function that stops
 * the calls.
 */
export function startScheduler(
  addresses: { sweep: string; findLost: string },
  tokenFor: TokenFor,
): () => void {
  const stopping = new AbortController();
  const call = (address: string) => {
    post(address, tokenFor, stopping.signal).catch(() => {});
  };
  const timers = [
    setInterval(call, minuteMs, addresses.sweep),
    setInterval(call, hourMs, addresses.findLost),
  ];
  call(addresses.sweep);
  call(addresses.findLost);
  return () => {
    stopping.abort();
    for (const timer of timers) clearInterval(timer);
  };
}

async function post(address: string, tokenFor: TokenFor, signal?: AbortSignal): Promise<Response> {
  const authorization = `Bearer ${await tokenFor(address)}`;
  return fetch(address, { method: 'POST', headers: { authorization }, ...(signal ? { signal } : {}) });
}

const mostTries = 10;
const againAfterMs = 1_000;

const foundSchema = z.object({ complete: z.boolean() });

/**
 * Searches for uploads whose jobs are lost, and repeats a search that failed or found another under way. Throws if it does
 * not succeed.
 */
export async function findLostUploads(address: string, tokenFor: TokenFor): Promise<void> {
  for (let tries = 1; ; tries++) {
    const problem = await post(address, tokenFor)
      .then(problemOf)
      .catch((error: unknown) => String(error));
    if (problem === null) return;
    if (tries === mostTries) throw new Error(`The search for lost uploads did not go through: ${problem}.`);
    await delay(againAfterMs);
  }
}

async function problemOf(response: Response): Promise<string | null> {
  if (!response.ok) return `it answered ${response.status}`;
  const { complete } = foundSchema.parse(await response.json());
  return complete ? null : 'another search was under way';
}
