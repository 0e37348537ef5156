import type { Ports } from '@spillway/pipeline/ports/ports.ts';
import type { Context } from 'hono';
import { createMiddleware } from 'hono/factory';
import type { SitePages } from '../site-pages.ts';
import type { SiteAdmins } from './admins.ts';
import type { LimitName, Visitor, VisitorLimits } from './limits.ts';
import type { LiveDashboard } from './live-dashboard.ts';
import type { LiveJobs } from './live-jobs.ts';
import type { OperationOffers } from './offers.ts';
import type { Sessions } from './sessions.ts';
import type { StreamPlaces } from './stream-places.ts';

/** What the API works with. */
export interface ApiDependencies {
  ports: Ports;
  sessions: Sessions;
  admins: SiteAdmins;
  pages: SitePages;
  liveJobs: LiveJobs;
  liveDashboard: LiveDashboard;
  offers: OperationOffers;
  streams: StreamPlaces;
  limits: VisitorLimits;
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
    /** Who does it, behind `requireAdmin`. */
    admin: string;
  };
}

/** Tells the handlers who asks; gives a new visitor a session. */
export function recognizeVisitor({ sessions, admins, limits, networkOf }: ApiDependencies) {
  return createMiddleware<ApiEnv>(async (c, next) => {
    const { kind } = await admins.recognize(c);
    const visitor: Visitor = { ...sessions.visitor(c), admin: kind === 'admin', address: networkOf(c) };
    c.set('visitor', visitor);
    c.set('spend', (name) => limits.spend(name, visitor));
    await next();
  });
}

/** For a route's `middleware`: counts the request before anything else is done for it. */
export function limited(name: LimitName) {
  return createMiddleware<ApiEnv>(async (c, next) => {
    c.var.spend(name);
    await next();
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
