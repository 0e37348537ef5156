import type { Ports } from '@spillway/pipeline/ports/ports.ts';
import { createMiddleware } from 'hono/factory';
import type { LiveDashboard } from './live-dashboard.ts';
import type { LiveJobs } from './live-jobs.ts';
import { ProblemError } from './problems.ts';
import type { Sessions } from './sessions.ts';
import type { StreamLimit } from './stream-limit.ts';

/** What the API works with. */
export interface ApiDependencies {
  ports: Ports;
  sessions: Sessions;
  liveJobs: LiveJobs;
  liveDashboard: LiveDashboard;
  streams: StreamLimit;
  version: string;
}

/** What a handler knows of who asks. */
export interface ApiEnv {
  Variables: {
    visitor: Visitor;
    /** Who does it, behind `requireAdmin`. */
    admin: string;
  };
}

export interface Visitor {
  owner: string;
  admin: boolean;
}

/** Tells the handlers who asks; gives a new visitor a session. */
export function recognizeVisitor(sessions: Sessions) {
  return createMiddleware<ApiEnv>(async (c, next) => {
    c.set('visitor', { owner: sessions.owner(c), admin: sessions.admin(c) !== null });
    await next();
  });
}

/** Lets nobody but an admin pass, and tells the handlers which. */
export function requireAdmin(sessions: Sessions) {
  return createMiddleware<ApiEnv>(async (c, next) => {
    const admin = sessions.admin(c);
    if (admin === null) {
      throw new ProblemError('admin_required', 'Open the admin address, or send the admin token.', {
        headers: { 'WWW-Authenticate': 'Bearer realm="Spillway admin"' },
      });
    }
    c.set('admin', admin);
    await next();
  });
}
