import { type ReadonlySignal, signal } from '@preact/signals';

/** What the page can show. */
export const explorerViews = ['jobs', 'causes', 'letters'] as const;
export type ExplorerView = (typeof explorerViews)[number];

/** The page's address: all that it shows is in it, so that it can be sent to somebody, kept and gone back to. */
export interface ExplorerAddress {
  readonly view: ReadonlySignal<ExplorerView>;
  /** The filters and the cursor as they are in the address, right or wrong: the server says which are wrong. */
  readonly parameters: ReadonlySignal<ReadonlyMap<string, string>>;
  /** Sets some filters, null takes one away, and begins at the first page. */
  set(changes: Record<string, string | null>): void;
  /** Leads on in the list. */
  goTo(cursor: string | null): void;
  show(view: ExplorerView): void;
  /** Shows what another address of this page shows: `?state=failed`. */
  open(search: string): void;
  /** @returns A function that ends it. */
  follow(): () => void;
}

interface Parsed {
  view: ExplorerView;
  parameters: ReadonlyMap<string, string>;
}

export function parseSearch(search: string): Parsed {
  const parameters = new Map(new URLSearchParams(search));
  const view = explorerViews.find((each) => each === parameters.get('view')) ?? 'jobs';
  // A view that there is not stays, and the server refuses it as it does any other wrong word.
  if (parameters.get('view') === view) parameters.delete('view');
  return { view, parameters };
}

/** `?` with the parameters, empty without any. */
export function searchOf(parameters: ReadonlyMap<string, string>, view: ExplorerView = 'jobs'): string {
  const all = new URLSearchParams([...parameters]);
  if (view !== 'jobs') all.set('view', view);
  return all.size === 0 ? '' : `?${all}`;
}

/** The filters alone. */
export function filtersIn(parameters: ReadonlyMap<string, string>): Map<string, string> {
  return new Map([...parameters].filter(([name]) => name !== 'cursor'));
}

export function createExplorerAddress(): ExplorerAddress {
  const initial = parseSearch(location.search);
  const view = signal(initial.view);
  const parameters = signal(initial.parameters);

  function read(): void {
    const next = parseSearch(location.search);
    view.value = next.view;
    parameters.value = next.parameters;
  }

  function push(next: ReadonlyMap<string, string>, nextView = view.peek()): void {
    const search = searchOf(next, nextView);
    if (search === location.search) return;
    history.pushState(null, '', `${location.pathname}${search}`);
    read();
  }

  return {
    view,
    parameters,
    set(changes) {
      const next = filtersIn(parameters.peek());
      for (const [name, value] of Object.entries(changes)) {
        if (value === null || value === '') next.delete(name);
        else next.set(name, value);
      }
      push(next);
    },
    goTo(cursor) {
      const next = filtersIn(parameters.peek());
      if (cursor !== null) next.set('cursor', cursor);
      push(next);
    },
    show: (next) => push(filtersIn(parameters.peek()), next),
    open(search) {
      const next = parseSearch(search);
      push(next.parameters, next.view);
    },
    follow() {
      addEventListener('popstate', read);
      return () => removeEventListener('popstate', read);
    },
  };
}
