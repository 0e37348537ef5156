/** One tab among those of the site. */
export interface Tab {
  readonly id: string;
  /**
   * Calls back once that tab is gone, for whatever reason: closed, reloaded, crashed. No two tabs are called back for
   * one tab at the same time.
   */
  afterEndOf(tab: string, act: () => Promise<void>): void;
  /** Tells the other tabs that this one has uploads. */
  announce(): void;
  /** Tells the other tabs that everything of this visitor is deleted. */
  announceEnd(): void;
  onEnd(listener: () => void): void;
  /** Calls back with each tab that announces itself. */
  onAnnounced(listener: (tab: string) => void): void;
}

const everythingDeleted = 'everything deleted';
const lockOf = (tab: string) => `spillway-tab-${tab}`;

/**
 * Joins the tabs of this site. Each holds a lock by its name, which the browser frees when the tab ends, however it does;
 * who waits for that lock takes over. Null where the browser has no locks.
 */
export function joinTabs(locks: LockManager | undefined): Tab | null {
  if (!locks) return null;
  const id = crypto.randomUUID();
  // Never freed by the page itself.
  void locks.request(lockOf(id), () => new Promise(() => {}));
  const channel = new BroadcastChannel('spillway-uploads');
  return {
    id,
    afterEndOf(tab, act) {
      if (tab !== id) void locks.request(lockOf(tab), act);
    },
    announce: () => channel.postMessage(id),
    announceEnd: () => channel.postMessage(everythingDeleted),
    onEnd(listener) {
      channel.addEventListener('message', ({ data }) => {
        if (data === everythingDeleted) listener();
      });
    },
    onAnnounced(listener) {
      channel.addEventListener('message', ({ data }) => {
        if (typeof data === 'string' && data !== everythingDeleted) listener(data);
      });
    },
  };
}
