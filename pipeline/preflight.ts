import { setTimeout as delay } from 'node:timers/promises';
import { messageOf, OutageError } from '@spillway/core/errors.ts';
import type { AppPorts } from './ports/ports.ts';
import type { Finding, Need } from './ports/preflight.ts';

/** A check that takes longer is given up: an outage is no lack, and the program waits for the service later. Milliseconds. */
const longestMs = 5_000;

const topics = (...names: Extract<Need, { kind: 'topic' }>['topic'][]): Need[] =>
  names.map((topic) => ({ kind: 'topic', topic }));
const bucket = (
  name: Extract<Need, { kind: 'bucket' }>['bucket'],
  access: Extract<Need, { kind: 'bucket' }>['access'],
): Need => ({ kind: 'bucket', bucket: name, access });
const database: Need = { kind: 'database' };

/** What each program needs. `docs/configuration.md` names the roles that go with it. */
export const needs = {
  /** The functions: routing, sweep, and the search for lost uploads. */
  functions: [
    database,
    { kind: 'indexes', of: 'routing' },
    ...topics('vm', 'run', 'dead', 'events'),
    bucket('uploads', 'list'),
    bucket('webUploads', 'list'),
    bucket('results', 'write'),
    { kind: 'metrics' },
    { kind: 'no_expiration', subscription: 'vm' },
    { kind: 'no_expiration', subscription: 'run' },
    { kind: 'no_expiration', subscription: 'dead' },
  ],
  /** A VM also sweeps. */
  vm: [
    database,
    { kind: 'indexes', of: 'routing' },
    { kind: 'vm_subscription' },
    ...topics('vm', 'run', 'dead', 'events'),
    bucket('uploads', 'read'),
    bucket('webUploads', 'read'),
    bucket('results', 'write'),
    { kind: 'metrics' },
  ],
  run: [
    database,
    ...topics('run', 'dead', 'events'),
    bucket('uploads', 'read'),
    bucket('webUploads', 'read'),
    bucket('results', 'write'),
  ],
  /** The site also retries, cancels and deletes jobs, with their sources. */
  site: [
    database,
    { kind: 'indexes', of: 'site' },
    ...topics('vm', 'run', 'events'),
    bucket('uploads', 'write'),
    bucket('webUploads', 'write'),
    bucket('results', 'write'),
  ],
} as const satisfies Record<string, readonly Need[]>;

/** A program that cannot work as the cloud is set up. Its message is one line, with the commands that mend it. */
export class NotSetUpError extends Error {
  override readonly name = 'NotSetUpError';

  constructor(lacks: readonly Finding[]) {
    super(lacks.map(({ what, mend }) => `${what} Mend it with: ${mend}`).join(' '));
  }
}

/** Throws `NotSetUpError` where this program has no credentials. To be called before anything else of the ports. */
export async function checkCredentials(ports: Pick<AppPorts, 'preflight' | 'log'>): Promise<void> {
  await checkAll([{ kind: 'credentials' }], ports);
}

/**
 * Looks at everything that a program needs, at the same time. Throws `NotSetUpError` where something is missing, and only
 * warns of what may go wrong later. A service that does not answer is an outage and no lack: the program waits for it.
 */
export async function checkNeeds(
  program: keyof typeof needs,
  ports: Pick<AppPorts, 'preflight' | 'log'>,
): Promise<void> {
  await checkAll(needs[program], ports);
}

async function checkAll(
  all: readonly Need[],
  { preflight, log }: Pick<AppPorts, 'preflight' | 'log'>,
): Promise<void> {
  const findings = await Promise.all(
    all.map(async (need) => {
      try {
        return await inTime(preflight.examine(need));
      } catch (error) {
        const why = messageOf(error);
        log.warn({ need, error }, `It could not be looked up whether the program has what it needs. ${why}`);
        return null;
      }
    }),
  );
  const found = findings.filter((finding) => finding !== null);
  const distinct = [...new Map(found.map((finding) => [finding.what, finding])).values()];
  for (const { what, mend } of distinct.filter(({ kind }) => kind === 'warning')) {
    log.warn({ mend }, `${what} Mend it with: ${mend}`);
  }
  const lacks = distinct.filter(({ kind }) => kind === 'lack');
  if (lacks.length > 0) throw new NotSetUpError(lacks);
}

/** What a look brings. Throws `OutageError` where there is no answer within some seconds. */
export async function inTime<Value>(looking: Promise<Value>, withinMs: number = longestMs): Promise<Value> {
  const ended = new AbortController();
  const late = delay(withinMs, undefined, { signal: ended.signal }).then(() => {
    throw new OutageError(`There was no answer within ${withinMs / 1_000} s.`);
  });
  // It is aborted as soon as the answer is there.
  late.catch(() => {});
  try {
    return await Promise.race([looking, late]);
  } finally {
    ended.abort();
  }
}
