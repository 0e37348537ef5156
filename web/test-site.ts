import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMemoryPorts, type MemoryPorts } from '@spillway/pipeline/memory/ports.ts';
import type { Log } from '@spillway/pipeline/ports/ports.ts';
import { adminToken, secret } from './api/test-client.ts';
import { type RunningSite, type SiteOptions, startSite } from './server.ts';
import { loadStaticSite } from './static-site.ts';

/** The configuration of a site for tests, on a free port. */
export const testConfig: SiteOptions['config'] = {
  PORT: 0,
  host: '127.0.0.1',
  SPILLWAY_SESSION_SECRET: secret,
  SPILLWAY_SITE_PAGES: 'all',
  adminAccess: { kind: 'token', token: adminToken },
  publicOrigin: null,
  trustedProxies: 0,
  traces: { kind: 'off' },
  logs: { kind: 'unknown' },
};

/** The real server with one small page, on ports in memory. `problems` gathers what it logs as warning or error. */
export async function startTestSite(
  config: Partial<SiteOptions['config']> = {},
): Promise<{ site: RunningSite; memory: MemoryPorts; problems: unknown[] }> {
  const directory = await mkdtemp(join(tmpdir(), 'spillway-site-'));
  await writeFile(join(directory, 'index.html'), '<!doctype html>Spillway');
  const pages = await loadStaticSite(directory, 'http://127.0.0.1:9199');
  await rm(directory, { recursive: true });
  const problems: unknown[] = [];
  const keep: Log['warn'] = (fields, message) => void problems.push({ fields, message });
  const memory = createMemoryPorts({ log: { info() {}, warn: keep, error: keep } });
  const site = await startSite({
    ports: memory,
    site: pages,
    version: 'test',
    config: { ...testConfig, ...config },
  });
  return { site, memory, problems };
}
