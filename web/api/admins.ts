import type { Clock, Log } from '@spillway/pipeline/ports/ports.ts';
import type { AdminAccess, Admins } from './admin-access.ts';
import { ProblemError } from './problems.ts';
import { createProxyAdmins } from './proxy-admins.ts';
import type { Sessions } from './sessions.ts';
import { createTokenAdmins, type TokenAdmins } from './token-admins.ts';

export interface SiteAdmins extends Admins {
  /** What takes the token; null where none lets anybody in. */
  tokens: TokenAdmins | null;
}

export interface AdminOptions {
  access: AdminAccess;
  /** Signs the admin's cookie. */
  secret: string;
  clock: Clock;
  log: Log;
  sessions: Sessions;
}

/** Tells admins as the configuration says, by one way only: behind the proxy no token lets in. */
export function createAdmins({ access, ...rest }: AdminOptions): SiteAdmins {
  switch (access.kind) {
    case 'closed':
      return { tokens: null, recognize: async () => ({ kind: 'stranger', problem: nobody() }) };
    case 'token': {
      const tokens = createTokenAdmins({ ...rest, token: access.token });
      return { tokens, recognize: tokens.recognize };
    }
    case 'proxy':
      return { tokens: null, ...createProxyAdmins(access, rest.log) };
    default:
      return access satisfies never;
  }
}

function nobody(): ProblemError {
  return new ProblemError('not_admin', 'Admins have another address.');
}
