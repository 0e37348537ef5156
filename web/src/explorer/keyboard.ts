/** What keys do on the page. */
export interface ExplorerKeys {
  help(): void;
  earlier(): void;
  newest(): void;
  clearSelection(): void;
}

/** Keys and what they do, for the help. */
export const keyWords: readonly [string, string][] = [
  ['j, k', 'the next job, the one before'],
  ['Enter', 'open the job'],
  ['x', 'select the job'],
  ['/', 'search by file name or job id'],
  ['e', 'earlier jobs'],
  ['n', 'the newest jobs'],
  ['Esc', 'select nothing'],
  ['?', 'this list'],
];

/** Listens on the whole page. Where somebody writes, or a dialog is open, keys are what they always are. */
export function listenToKeys(keys: ExplorerKeys): () => void {
  const actions: Record<string, (() => void) | undefined> = {
    j: () => moveTo(1),
    k: () => moveTo(-1),
    x: () => currentRow()?.querySelector<HTMLInputElement>('input[type="checkbox"]')?.click(),
    '/': () => document.querySelector<HTMLInputElement>('.explorer-filters input[name="name"]')?.focus(),
    '?': keys.help,
    e: keys.earlier,
    n: keys.newest,
    Escape: keys.clearSelection,
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isWriting(event.target)) return;
    if (document.querySelector('dialog[open]')) return;
    const act = actions[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  };
  addEventListener('keydown', onKey);
  return () => removeEventListener('keydown', onKey);
}

function isWriting(target: EventTarget | null): boolean {
  if (target instanceof HTMLInputElement) return target.type !== 'checkbox';
  return target instanceof HTMLSelectElement || target instanceof HTMLTextAreaElement;
}

function currentRow(): HTMLTableRowElement | null {
  return document.activeElement?.closest<HTMLTableRowElement>('tr[data-job]') ?? null;
}

/** The focus is on the link of a row, so that Enter opens it and a screen reader says which it is. */
function moveTo(step: 1 | -1): void {
  const links = [...document.querySelectorAll<HTMLAnchorElement>('tr[data-job] .job-link')];
  const row = currentRow();
  const at = row ? links.findIndex((link) => row.contains(link)) : step > 0 ? -1 : links.length;
  const next = links[Math.min(links.length - 1, Math.max(0, at + step))];
  next?.focus();
  next?.scrollIntoView({ block: 'nearest' });
}
