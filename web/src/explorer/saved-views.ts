import { type ReadonlySignal, signal } from '@preact/signals';
import { z } from 'zod';

/** An address of the explorer under a name. */
export interface SavedView {
  name: string;
  /** `?state=failed` */
  search: string;
}

/** What most people look for. */
export const builtInViews: readonly SavedView[] = [
  { name: 'All jobs', search: '' },
  { name: 'Failed, last 24 h', search: '?state=failed&within=24h' },
  { name: 'Poison', search: '?error=poison' },
  { name: 'Went to Cloud Run, last 24 h', search: '?target=run&within=24h' },
  { name: 'Took a minute or more', search: '?atLeast=60' },
  { name: 'Waiting now', search: '?state=queued' },
];

const savedSchema = z.array(z.object({ name: z.string().min(1).max(100), search: z.string().max(4_000) }));
const place = 'spillway.explorer-views';
const mostViews = 50;

const saved = signal<readonly SavedView[]>([]);
/**
 * Views of this browser. They are not kept on the server: the address itself is what colleagues send to each other, and a
 * name for it is one person's.
 */
export const savedViews: ReadonlySignal<readonly SavedView[]> = saved;

export function loadViews(): void {
  try {
    saved.value = savedSchema.parse(JSON.parse(localStorage.getItem(place) ?? '[]'));
  } catch {
    // Written by something else, or storage is closed to the page: there are none.
    saved.value = [];
  }
}

/** Keeps a view, in place of one with the same name. False where the browser keeps nothing. */
export function saveView(view: SavedView): boolean {
  return write([...saved.peek().filter(({ name }) => name !== view.name), view].slice(-mostViews));
}

export function forgetView(name: string): boolean {
  return write(saved.peek().filter((view) => view.name !== name));
}

function write(views: readonly SavedView[]): boolean {
  try {
    localStorage.setItem(place, JSON.stringify(views));
  } catch {
    return false;
  }
  saved.value = views;
  return true;
}
