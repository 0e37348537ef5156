import { timingSafeEqual } from 'node:crypto';
import { conditionOfShare, longestShareHours, type Share } from '@spillway/core/shares.ts';
import type { Ports } from '@spillway/pipeline/ports/ports.ts';
import type { Context } from 'hono';
import { getCookie } from 'hono/cookie';
import { fingerprintOf, isWholeShareToken } from './key-text.ts';
import type { LimitName, Visitor, VisitorLimits } from './limits.ts';
import { ProblemError } from './problems.ts';
import type { Sessions } from './sessions.ts';
import { createCookieSigner } from './signed-cookies.ts';

export const shareCookie = 'spillway_share';

/** Milliseconds for which a link that was read is believed. A revoked one ends everywhere within this time. */
const believedMs = 10_000;
const mostRemembered = 1_000;

/** Private links, as requests show them. */
export interface ShareDoor {
  /**
   * The link of a token; counts the request, and throws a problem where it opens nothing. Gives the browser a cookie for the addresses of that
   * link alone: addresses of pictures then have no secret in them, which would be kept in logs.
   */
  open(token: string, c: Context): Promise<Share>;
  /** The link of an address that is asked for with that cookie. Counts the request first. */
  enter(id: string, what: LimitName, c: Context): Promise<Share>;
  /** Reads the link again when it is next asked for. */
  forget(id: string): void;
}

interface ShareDoorOptions {
  ports: Pick<Ports, 'shares' | 'clock' | 'log'>;
  limits: VisitorLimits;
  sessions: Sessions;
  secret: string;
  networkOf(c: Context): string;
}

export function createShareDoor({ ports, limits, sessions, secret, networkOf }: ShareDoorOptions): ShareDoor {
  const { shares, clock, log } = ports;
  const signer = createCookieSigner(secret, 'share', clock);
  const remembered = new Map<string, { share: Share | null; readAt: number }>();

  async function find(id: string): Promise<Share | null> {
    const now = clock.now().getTime();
    const known = remembered.get(id);
    if (known && now - known.readAt < believedMs) return known.share;
    const share = await shares.get(id);
    remembered.delete(id);
    for (const oldest of remembered.keys()) {
      if (remembered.size < mostRemembered) break;
      remembered.delete(oldest);
    }
    remembered.set(id, { share, readAt: now });
    return share;
  }

  /** Looks for a link, which a network may do only now and then with wrong tokens. */
  async function findNew(id: string, address: string): Promise<Share | null> {
    limits.trySecret('link', address);
    let isWrong = false;
    try {
      const share = await shares.get(id);
      isWrong = share === null;
      return share;
    } finally {
      if (!isWrong) limits.forgiveSecret('link', address);
    }
  }

  function valid(share: Share | null): Share {
    if (!share) throw noSuchLink();
    const condition = conditionOfShare(share, clock.now());
    switch (condition) {
      case 'valid':
        return share;
      case 'ended':
        throw new ProblemError('link_ended', 'This private link has ended. Ask whoever sent it for another.');
      case 'revoked':
        throw new ProblemError('link_revoked', 'This private link was revoked by whoever sent it.');
      default:
        return condition satisfies never;
    }
  }

  return {
    async open(token, c) {
      if (!isWholeShareToken(token)) throw noSuchLink();
      const address = networkOf(c);
      const { id, hash } = fingerprintOf(token);
      limits.spend('reads', guestOf(id, address));
      const share = await findNew(id, address);
      if (!share || !timingSafeEqual(Buffer.from(share.hash), Buffer.from(hash))) {
        log.warn({ address }, 'Somebody opened a private link that does not exist.');
        throw noSuchLink();
      }
      const opened = valid(share);
      const left = Math.ceil((share.validUntil.getTime() - clock.now().getTime()) / 1_000);
      sessions.setCookie(c, {
        name: shareCookie,
        value: signer.sign(id),
        maxAge: left,
        sameSite: 'Strict',
        path: `/api/v1/shared/${id}`,
      });
      return opened;
    },
    async enter(id, what, c) {
      limits.spend(what, guestOf(id, networkOf(c)));
      const shown = signer.verify(getCookie(c, shareCookie), longestShareHours * 3_600);
      if (shown?.subject !== id) {
        throw new ProblemError(
          'link_required',
          'Open the private link again, with all that is behind its #.',
        );
      }
      return valid(await find(id));
    },
    forget: (id) => void remembered.delete(id),
  };
}

/** All guests of one link share what it allows. */
function guestOf(id: string, address: string): Visitor {
  return { owner: `link ${id}`, isNew: false, admin: null, address, key: null };
}

function noSuchLink(): ProblemError {
  return new ProblemError(
    'not_found',
    'There is no such private link. Is the address complete, to its last letter?',
  );
}
