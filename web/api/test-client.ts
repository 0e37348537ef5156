import type { Job } from '@spillway/core/job.ts';
import { webObjectName } from '@spillway/core/object-names.ts';
import { createMetricsPage } from '@spillway/pipeline/http/metrics-page.ts';
import { createMemoryPorts, type MemoryPorts } from '@spillway/pipeline/memory/ports.ts';
import type { Clock, Ports, Timers } from '@spillway/pipeline/ports/ports.ts';
import { routeUpload } from '@spillway/pipeline/route.ts';
import { readAllMetrics } from '@spillway/pipeline/system-gauges.ts';
import type { Context } from 'hono';
import type { LogSource } from '../logs/log-source.ts';
import type { SitePages } from '../site-pages.ts';
import type { TraceSource } from '../traces/trace-source.ts';
import type { AdminAccess } from './admin-access.ts';
import { createAdmins } from './admins.ts';
import { createApi } from './app.ts';
import { createKeyring } from './keyring.ts';
import { createVisitorLimits } from './limits.ts';
import { createLiveDashboard } from './live-dashboard.ts';
import { createLiveJobs } from './live-jobs.ts';
import { createOperationOffers } from './offers.ts';
import { createSessions } from './sessions.ts';
import { createShareDoor } from './share-door.ts';
import { createStreamPlaces } from './stream-places.ts';

export const adminToken = 'an-admin-token-for-tests';
export const secret = 'a session secret for tests, long enough';
export const origin = 'http://site.test';
/** Says which network a test's request comes from. */
export const addressHeader = 'x-test-address';

/** A clock whose timers run when a test says so. */
export interface ManualClock extends Clock, Timers {
  /** Lets time pass and runs every timer that falls due in it. */
  advance(ms: number): void;
  readonly timerCount: number;
}

function createManualClock(): ManualClock {
  let now = Date.parse('2026-01-01T00:00:00Z');
  const timers = new Set<{ every: number; next: number; action: () => void }>();
  return {
    now: () => new Date(now),
    every(ms, action) {
      const timer = { every: ms, next: now + ms, action };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    advance(ms) {
      now += ms;
      for (const timer of [...timers]) {
        if (timer.next > now) continue;
        timer.next = now + timer.every;
        timer.action();
      }
    },
    get timerCount() {
      return timers.size;
    },
  };
}

interface TestApiOptions {
  access?: AdminAccess;
  pages?: SitePages;
  traces?: TraceSource;
  logs?: LogSource;
}

/** The real API on ports in memory; `change` puts a fault into one of them. */
export function createTestApi(
  change: (ports: MemoryPorts) => Ports = (ports) => ports,
  {
    access = { kind: 'token', token: adminToken },
    pages = 'all',
    traces = { kind: 'off' },
    logs = { kind: 'unknown' },
  }: TestApiOptions = {},
) {
  const clock = createManualClock();
  const memory = createMemoryPorts({ clock, timers: clock });
  const ports = change(memory);
  const sessions = createSessions({ secret, clock, publicOrigin: null });
  const { log } = ports;
  const liveJobs = createLiveJobs(ports, ports.log);
  const liveDashboard = createLiveDashboard(ports);
  const streams = createStreamPlaces();
  const limits = createVisitorLimits(clock);
  const networkOf = (c: Context) => c.req.header(addressHeader) ?? '192.0.2.1';
  const api = createApi({
    ports,
    letters: memory,
    sessions,
    admins: createAdmins({ access, secret, clock, log, sessions }),
    pages,
    keyring: createKeyring(ports, limits),
    liveJobs,
    liveDashboard,
    offers: createOperationOffers(ports),
    streams,
    metrics: createMetricsPage(() => readAllMetrics({ ...ports, ownMetrics: memory.ownMetrics }), 0),
    limits,
    shareDoor: createShareDoor({ ports, limits, sessions, secret, networkOf }),
    traces,
    logs,
    networkOf,
    version: 'test',
  });
  return { api, memory, ports, clock, sessions, liveJobs, streams };
}
export type TestApi = ReturnType<typeof createTestApi>;

/** A browser: it keeps its cookies and says where its requests come from. */
export function createBrowser({ api }: Pick<TestApi, 'api'>) {
  const cookies = new Map<string, string>();
  async function request(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    if (cookies.size > 0) {
      headers.set('cookie', [...cookies].map(([name, value]) => `${name}=${value}`).join('; '));
    }
    if (init.method && !headers.has('origin')) headers.set('origin', origin);
    const response = await api.request(`${origin}${path}`, { ...init, headers });
    for (const cookie of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      if (name && value !== undefined) cookies.set(name, value);
    }
    return response;
  }
  return {
    cookies,
    request,
    post: (path: string, body?: unknown, headers: Record<string, string> = {}) =>
      request(path, {
        method: 'POST',
        headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    /** The owner id that the session names. */
    async owner(): Promise<string> {
      if (!cookies.has('spillway_session')) await request('/api/v1/jobs');
      return cookies.get('spillway_session')?.split('.')[0] ?? '';
    },
  };
}
export type Browser = ReturnType<typeof createBrowser>;

export async function createAdmin(test: Pick<TestApi, 'api'>): Promise<Browser> {
  const browser = createBrowser(test);
  await browser.post('/admin/enter', { token: adminToken });
  return browser;
}

/** A 1x1 GIF: the smallest picture that sniffs as one. */
export const tinyGif = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64');

/** What happens once this owner's browser has sent a file: the object is there and its jobs are routed. */
export async function upload(
  { memory, ports }: Pick<TestApi, 'memory' | 'ports'>,
  owner: string,
  more: { name?: string; bytes?: Buffer; metadata?: Record<string, string>; contentEncoding?: string } = {},
): Promise<Job> {
  const id = crypto.randomUUID();
  const object = memory.blobs.upload(
    memory.buckets.webUploads,
    webObjectName(owner, id, more.name ?? 'holiday.jpg'),
    more.bytes ?? tinyGif,
    { operation: 'sketch', upload: id, ...more.metadata },
    more.contentEncoding,
  );
  const [job] = await routeUpload(object, null, ports);
  if (!job) throw new Error('The upload gave no job.');
  return job;
}
