import { type ReadonlySignal, signal } from '@preact/signals';

/** The picture that is open in the workbench, and which of its results. */
export interface OpenedPicture {
  /** `Picture.id` or `Picture.key`. */
  picture: string;
  /** `PictureResult.id`; null for the original. */
  result: string | null;
}

const opened = signal<OpenedPicture | null>(null);

/** What the address says; null while no picture is open. */
export const openedPicture: ReadonlySignal<OpenedPicture | null> = opened;

/** Marks the entries of the history that were made here: going back from them closes the workbench. */
const openedHere = { workbench: true };

const prefix = '#/picture/';

/** Reads the part of an address after and with its `#`. */
export function readAddress(hash: string): OpenedPicture | null {
  if (!hash.startsWith(prefix)) return null;
  try {
    const [picture = '', result] = hash.slice(prefix.length).split('/').map(decodeURIComponent);
    return picture === '' ? null : { picture, result: result ?? null };
  } catch {
    // Somebody has cut the address off within a character.
    return null;
  }
}

export function addressOf({ picture, result }: OpenedPicture): string {
  const parts = result === null ? [picture] : [picture, result];
  return `${prefix}${parts.map(encodeURIComponent).join('/')}`;
}

/** Opens a picture, with an address of its own: the browser's back button closes it. */
export function openPicture(picture: string, result: string | null): void {
  const next = { picture, result };
  history.pushState(openedHere, '', addressOf(next));
  opened.value = next;
}

/** Goes on to another picture or result: closing leads back to the page, and not through all that was seen. */
export function stepTo(picture: string, result: string | null): void {
  const next = { picture, result };
  history.replaceState(history.state, '', addressOf(next));
  opened.value = next;
}

export function closePicture(): void {
  // The back button has closed it already.
  if (opened.peek() === null) return;
  if (history.state?.workbench === true) {
    history.back();
    return;
  }
  // The page was opened with this address.
  history.replaceState(null, '', location.pathname + location.search);
  opened.value = null;
}

/** For an effect: follows the address. Returns a function that ends it. */
export function followAddress(): () => void {
  const read = () => {
    opened.value = readAddress(location.hash);
  };
  read();
  addEventListener('popstate', read);
  return () => removeEventListener('popstate', read);
}
