import { type ReadonlySignal, signal } from '@preact/signals';

const wantedKey = 'spillway-notify';

/** Notifications of this browser, for a page that is not looked at. */
export interface EndNotice {
  /** Whether the person wants one; `blocked` where the browser refuses, `unsupported` where it has none. */
  readonly wanted: ReadonlySignal<'no' | 'yes' | 'blocked' | 'unsupported'>;
  /** Asks the browser for the permission. Only a press may do so. */
  want(): Promise<void>;
  /** Shows it, if it is wanted and the page is not in view. */
  tell(title: string, body: string): void;
}

export function createEndNotice(): EndNotice {
  const wanted = signal(stateNow());
  return {
    wanted,
    async want() {
      if (!('Notification' in globalThis)) return;
      await Notification.requestPermission();
      remember(Notification.permission === 'granted');
      wanted.value = stateNow();
    },
    tell(title, body) {
      if (wanted.peek() !== 'yes' || document.visibilityState === 'visible') return;
      try {
        const notice = new Notification(title, { body, tag: 'spillway-end', icon: '/favicon.svg' });
        notice.addEventListener('click', () => {
          focus();
          notice.close();
        });
      } catch {
        // Some telephones show notifications of service workers alone: the title still says it.
      }
    },
  };
}

function stateNow(): 'no' | 'yes' | 'blocked' | 'unsupported' {
  if (!('Notification' in globalThis)) return 'unsupported';
  if (Notification.permission === 'denied') return 'blocked';
  return Notification.permission === 'granted' && isRemembered() ? 'yes' : 'no';
}

function isRemembered(): boolean {
  try {
    return localStorage.getItem(wantedKey) === 'yes';
  } catch {
    return false;
  }
}

function remember(yes: boolean): void {
  try {
    if (yes) localStorage.setItem(wantedKey, 'yes');
    else localStorage.removeItem(wantedKey);
  } catch {
    // The wish then lasts until the page is closed.
  }
}
