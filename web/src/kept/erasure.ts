import { signal } from '@preact/signals';

export type Erasure =
  | { kind: 'idle' }
  | { kind: 'running'; deleted: number; left: number | null }
  | { kind: 'failed'; message: string; deleted: number }
  | { kind: 'done' };

/** What the page says of the deletion of everything. */
export const erasure = signal<Erasure>({ kind: 'idle' });

const endKey = 'spillway-erased';

/** Notes that everything is deleted, for the page that begins anew. Throws in a browser without storage. */
export function noteEnd(): void {
  sessionStorage.setItem(endKey, 'yes');
}

/** Says once that everything is deleted, after the page has begun anew. For the page, whose parts may come and go. */
export function rememberEnd(): void {
  try {
    if (sessionStorage.getItem(endKey) === null) return;
    sessionStorage.removeItem(endKey);
    erasure.value = { kind: 'done' };
  } catch {
    // A browser without storage: the empty page says it.
  }
}
