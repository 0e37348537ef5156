import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openDatabase } from '@spillway/pipeline/embedded/database.ts';
import { createEmbeddedDocuments } from '@spillway/pipeline/embedded/document-ports.ts';
import { createMemoryPorts, type MemoryPorts } from '@spillway/pipeline/memory/ports.ts';
import { systemClock } from '@spillway/pipeline/system-clock.ts';
import { buildSiteIfChanged } from '@spillway/release/site-build.ts';
import { adminToken } from '@spillway/web/api/test-client.ts';
import { type RunningSite, startSite } from '@spillway/web/server.ts';
import { loadStaticSite } from '@spillway/web/static-site.ts';
import { testConfig } from '@spillway/web/test-site.ts';

/** The built site with its real server, whose documents a test writes as it likes. */
export interface SeededSite {
  url: string;
  /** Lets a browser in as an admin. */
  adminUrl: string;
  token: string;
  /** Documents are in SQLite, as on one machine; objects and messages are in this process's memory. */
  ports: MemoryPorts;
  /** Sets the time of what is written from now on; null: it is now again. Milliseconds since 1970. */
  setTime(at: number | null): void;
  close(): Promise<void>;
}

/**
 * Builds the site where its sources have changed, and starts it without workers and without a router.
 * @param seenBySite What the site has of the ports, such as the same with a count of its reads.
 */
export async function startSeededSite(
  seenBySite: (ports: MemoryPorts) => MemoryPorts = (ports) => ports,
): Promise<SeededSite> {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  await buildSiteIfChanged(root, join(root, '.local/logs'));
  const folder = await mkdtemp(join(tmpdir(), 'spillway-seeded-'));
  let time: number | null = null;
  const clock = { now: () => (time === null ? systemClock.now() : new Date(time)) };
  const log = { info() {}, warn: console.warn, error: console.error };
  const database = await openDatabase(join(folder, 'spillway.db'), clock);
  const memory = createMemoryPorts({ clock, log });
  const documents = createEmbeddedDocuments(database, log, (item, error) => log.error({ error }, item));
  const ports: MemoryPorts = { ...memory, ...documents };
  const site: RunningSite = await startSite({
    ports: seenBySite(ports),
    site: await loadStaticSite(join(root, 'web/dist'), null),
    version: 'test',
    config: testConfig,
  });
  return {
    url: site.url,
    adminUrl: `${site.url}/dashboard/#token=${encodeURIComponent(adminToken)}`,
    token: adminToken,
    ports,
    setTime(at) {
      time = at;
    },
    async close() {
      await site.close();
      database.close();
      await rm(folder, { recursive: true });
    },
  };
}
