import { setTimeout as delay } from 'node:timers/promises';
import { loadPlugins } from '@spillway/plugins/load.ts';
import { askedToEnd } from '@spillway/supervisor/asked-to-end.ts';
import { type Machine, startMachine } from './machine.ts';
import type { ServeOptions } from './options.ts';

/** Time for the parts that a second signal ends to have gone. Milliseconds. */
const killedWithinMs = 200;

/**
 * The product on one machine, until this process is asked to end. A second signal ends everything at once.
 * @throws StartError with what a person has to change before it can start.
 */
export async function serveOneMachine(
  options: ServeOptions,
  { version, environment }: { version: string; environment: Record<string, string | undefined> },
): Promise<void> {
  const startedAt = performance.now();
  const seconds = () => `${((performance.now() - startedAt) / 1_000).toFixed(1)} s`;
  const say = (line: string) => console.log(`${seconds().padStart(8)}  ${line}`);

  let machine: Machine | null = null;
  const abandon = new AbortController();
  const asked = askedToEnd(() => void endAtOnce());
  async function endAtOnce(): Promise<never> {
    say('Asked again: everything ends at once.');
    machine?.kill();
    await delay(killedWithinMs);
    process.exit(1);
  }
  void asked.then(() => abandon.abort());

  await loadPlugins(environment.SPILLWAY_OPERATIONS ?? '');
  machine = await startMachine(options, { version, environment }, say, abandon.signal);
  console.log(readyText(options, machine, seconds()));
  warnOf(options, say);
  const why = await asked;
  say(`${why}: work under way is finished or given back …`);
  await machine.stop();
  say('Stopped.');
}

function warnOf({ host, publicUrl, storage }: ServeOptions, say: (line: string) => void): void {
  if (!isLoopback(host) && publicUrl === null) {
    say(
      `Warning: who reaches ${host} reaches the site without TLS. Put a proxy before it: docs/one-machine.md`,
    );
  }
  if (!isLoopback(storage.host)) {
    say(
      `Warning: the storage server asks nobody who he is. Whoever reaches ${storage.host} may read, change and delete every picture.`,
    );
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

function readyText(options: ServeOptions, { url, adminUrl, isNew }: Machine, took: string): string {
  const data = JSON.stringify(options.data);
  const dashboard = isNew
    ? `  Dashboard  ${adminUrl}\n             This address makes a browser the admin's. It is shown this once; again with:\n             npx spillway admin-address --data ${data}`
    : `  Dashboard  npx spillway admin-address --data ${data}`;
  const { host, port } = options.storage;
  return [
    '',
    `Spillway is ready (${took}).`,
    '',
    `  Site       ${url}`,
    dashboard,
    ...(port === null ? [] : [`  Storage    http://${host}:${port}`]),
    `  Data       ${options.data}`,
    '',
  ].join('\n');
}
