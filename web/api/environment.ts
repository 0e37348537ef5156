import type { ApiKeyScope } from '@spillway/core/api-keys.ts';
import type { MetricsPage } from '@spillway/pipeline/http/metrics-page.ts';
import type { AppPorts, Ports } from '@spillway/pipeline/ports/ports.ts';
import type { Context } from 'hono';
import { createMiddleware } from 'hono/factory';
import type { LogSource } from '../logs/log-source.ts';
import type { SitePages } from '../site-pages.ts';
import type { TraceSource } from '../traces/trace-source.ts';
import type { SiteAdmins } from './admins.ts';
import { looksLikeKey } from './key-text.ts';
import type { Keyring } from './keyring.ts';
import type { LimitName, Visitor, VisitorLimits } from './limits.ts';
import type { LiveDashboard } from './live-dashboard.ts';
import type { LiveJobs } from './live-jobs.ts';
import type { OperationOffers } from './offers.ts';
import { ProblemError } from './problems.ts';
import type { Sessions } from './sessions.ts';
import type { ShareDoor } from './share-door.ts';
import type { StreamPlaces } from './stream-places.ts';
import { bearerOf } from './token-admins.ts';

/** What the API works with. */
export interface ApiDependencies {
  ports: Ports;
  /** Messages that were put aside, and how they are read. */
  letters: Pick<AppPorts, 'deadLetters' | 'consumer'>;
  sessions: Sessions;
  admins: SiteAdmins;
  pages: SitePages;
  keyring: Keyring;
  liveJobs: LiveJobs;
  liveDashboard: LiveDashboard;
  offers: OperationOffers;
  streams: StreamPlaces;
  metrics: MetricsPage;
  limits: VisitorLimits;
  shareDoor: ShareDoor;
  traces: TraceSource;
  logs: LogSource;
  /**
   * The address of an upload session as its sender reaches it, where that is not the storage server's own.
   */
  sessionAddress?(sessionUrl: string, c: Context): string;
  /** The network that a request comes from. */
  networkOf(c: Context): string;
  version: string;
}

/** What a handler knows of who asks. */
export interface ApiEnv {
  Variables: {
    visitor: Visitor;
    /** Counts one more of what visitors may do so often only; throws a problem where it is too often. */
    spend(name: LimitName): void;
    /** Counts so many more that were done already. */
    charge(name: LimitName, times: number): void;
    /** Who does it, behind `requireAdmin`. */
    admin: string;
  };
}

/** Tells the handlers who asks; gives a new visitor a session. */
export function recognizeVisitor({ sessions, admins, keyring, limits, networkOf }: ApiDependencies) {
  async function visitorOf(c: Context): Promise<Visitor> {
    const address = networkOf(c);
    const bearer = bearerOf(c);
    // Who shows a key is the key's owner and nobody else, whatever cookies come along.
    if (bearer !== null && looksLikeKey(bearer)) {
      const key = await keyring.open(bearer, address);
      return { owner: key.owner, isNew: false, admin: null, address, key };
    }
    const who = await admins.recognize(c);
    const admin = who.kind === 'admin' ? who.name : null;
    return { ...sessions.visitor(c), admin, address, key: null };
  }

  return createMiddleware<ApiEnv>(async (c, next) => {
    const visitor = await visitorOf(c);
    c.set('visitor', visitor);
    c.set('spend', (name) => limits.spend(name, visitor));
    c.set('charge', (name, times) => limits.charge(name, visitor, times));
    await next();
  });
}

/**
 * For a route's `middleware`: counts the request before anything else is done for it.
 * @param scope What an API key has to be allowed; null where any key will do.
 */
export function limited(name: LimitName, scope: ApiKeyScope | null) {
  return createMiddleware<ApiEnv>(async (c, next) => {
    const { key } = c.var.visitor;
    if (key && scope !== null && !key.scopes.includes(scope)) {
      throw missingScope(scope);
    }
    c.var.spend(name);
    await next();
  });
}

export function missingScope(scope: ApiKeyScope): ProblemError {
  return new ProblemError('missing_scope', `This API key does not have the scope "${scope}".`, {
    headers: {
      'WWW-Authenticate': `Bearer realm="Spillway", error="insufficient_scope", scope="${scope}"`,
    },
  });
}

/** Lets nobody but an admin pass, and tells the handlers which. */
export function requireAdmin({ admins }: Pick<ApiDependencies, 'admins'>) {
  return createMiddleware<ApiEnv>(async (c, next) => {
    const who = await admins.recognize(c);
    if (who.kind === 'stranger') throw who.problem;
    c.set('admin', who.name);
    await next();
  });
}
