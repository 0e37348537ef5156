import { type ReadonlySignal, signal } from '@preact/signals';
import type { RequestFailure } from '../http/request.ts';
import { type Entry, enterAsAdmin, takeToken } from './admin-entry.ts';

/** `token_needed`: the token lets in. `refused`: the proxy before this page decides, and `refusal` says why. */
export type Access = 'unknown' | 'granted' | 'token_needed' | 'refused' | 'unreachable';

/** The way into a page for admins. */
export interface AdminDoor {
  readonly access: ReadonlySignal<Access>;
  /** Why the server shows the page to nobody, or not to this person; null where access is not `refused`. */
  readonly refusal: ReadonlySignal<string | null>;
  /** Why the last token did not let this browser in; null where none was tried, or the last one did. */
  readonly entryProblem: ReadonlySignal<string | null>;
  /** Enters with the admin's token. */
  enter(token: string): Promise<void>;
  /** The right to look may have ended: asks again. While the server is away, all stays. */
  askAgain(): Promise<void>;
  /** @returns A function that ends it. */
  open(): () => void;
}

const askAgainMs = 5_000;

const entryProblems: Record<Entry, string | null> = {
  entered: null,
  wrong_token: 'This is not the admin token.',
  unreachable: 'The server does not answer. Try again.',
};

/**
 * @param ask Asks the server for what the page shows first; the failure tells whether this visitor may look at all.
 * @param onGranted Called whenever the page may be shown.
 */
export function createAdminDoor(ask: () => Promise<RequestFailure | null>, onGranted: () => void): AdminDoor {
  const access = signal<Access>('unknown');
  const refusal = signal<string | null>(null);
  const entryProblem = signal<string | null>(null);
  let isOpen = false;
  let again: ReturnType<typeof setTimeout> | undefined;

  async function look(): Promise<Access> {
    const failure = await ask();
    if (failure === null) return 'granted';
    const { status, code, message } = failure;
    if (code === 'admin_required') return 'token_needed';
    if (status !== 401 && status !== 403) return 'unreachable';
    // What is no problem of the site's own is the proxy's answer, which has no words for people.
    refusal.value =
      code === 'unreadable' ? 'You are no longer signed in. Reload the page to sign in again.' : message;
    return 'refused';
  }

  async function begin(): Promise<void> {
    const next = await look();
    if (!isOpen) return;
    access.value = next;
    if (next === 'unreachable') again = setTimeout(() => void begin(), askAgainMs);
    if (next === 'granted') onGranted();
  }

  /** Where the token is wrong, what this browser may see is shown all the same: the form, or the page. */
  async function enter(token: string): Promise<void> {
    entryProblem.value = entryProblems[await enterAsAdmin(token)];
    await begin();
  }

  /** The admin's address, opened in a tab that shows this page already, loads no page: only what is behind # changes. */
  const enterFromAddress = () => {
    const token = takeToken();
    if (token !== null) void enter(token);
  };

  return {
    access,
    refusal,
    entryProblem,
    enter,
    async askAgain() {
      const next = await look();
      if (isOpen && next !== 'unreachable') access.value = next;
    },
    open() {
      isOpen = true;
      const token = takeToken();
      void (token === null ? begin() : enter(token));
      addEventListener('hashchange', enterFromAddress);
      return () => {
        isOpen = false;
        removeEventListener('hashchange', enterFromAddress);
        clearTimeout(again);
      };
    },
  };
}
