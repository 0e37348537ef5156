import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { Icon } from '../components/Icon.tsx';
import { type ExplorerAddress, type ExplorerView, filtersIn, searchOf } from './explorer-address.ts';
import { builtInViews, forgetView, loadViews, savedViews, saveView } from './saved-views.ts';

const tabs: { view: ExplorerView; label: string }[] = [
  { view: 'jobs', label: 'List' },
  { view: 'causes', label: 'Causes of failures' },
  { view: 'letters', label: 'Dead letters' },
];

/** What the page shows, and addresses under names. */
export function Views({ address, onHelp }: { address: ExplorerAddress; onHelp(): void }) {
  useEffect(loadViews, []);
  const filters = filtersIn(address.parameters.value);
  const search = searchOf(filters, address.view.value);
  const exportUrl = (format: string) =>
    `/api/v1/admin/jobs/export${searchOf(new Map([...filters, ['format', format]]))}`;
  const all = [...builtInViews, ...savedViews.value];
  return (
    <div class="explorer-views">
      <fieldset class="view-tabs plain-fieldset">
        <legend class="visually-hidden">Show</legend>
        {tabs.map(({ view, label }) => (
          <button
            key={view}
            type="button"
            class="button quiet"
            aria-pressed={address.view.value === view}
            onClick={() => address.show(view)}
          >
            {label}
          </button>
        ))}
      </fieldset>
      <div class="view-picker">
        <label for="explorer-view">View</label>
        <select
          id="explorer-view"
          value={all.some((view) => view.search === search) ? search : 'none'}
          onChange={(event) => address.open(event.currentTarget.value)}
        >
          <option value="none" disabled>
            Not saved
          </option>
          {all.map((view) => (
            <option key={view.name} value={view.search}>
              {view.name}
            </option>
          ))}
        </select>
      </div>
      <SaveView search={search} />
      <span class="export-links">
        Export{' '}
        <a href={exportUrl('csv')} download>
          CSV
        </a>{' '}
        <a href={exportUrl('json')} download>
          JSON
        </a>
      </span>
      <button type="button" class="button quiet" onClick={onHelp}>
        Keys <kbd>?</kbd>
      </button>
    </div>
  );
}

/** Keeps the address under a name in this browser, or forgets the one that it has. */
function SaveView({ search }: { search: string }) {
  const naming = useSignal(false);
  const name = useSignal('');
  const problem = useSignal(false);
  const saved = savedViews.value.find((view) => view.search === search);
  if (saved) {
    return (
      <button type="button" class="button quiet" onClick={() => forgetView(saved.name)}>
        <Icon name="trash" />
        Forget “{saved.name}”
      </button>
    );
  }
  if (!naming.value) {
    return (
      <button type="button" class="button quiet" onClick={() => (naming.value = true)}>
        Save view
      </button>
    );
  }
  const keep = (event: Event) => {
    event.preventDefault();
    const wanted = name.value.trim();
    if (wanted === '') return;
    problem.value = !saveView({ name: wanted, search });
    naming.value = problem.value;
    name.value = '';
  };
  return (
    <form class="save-view" onSubmit={keep}>
      <label>
        <span class="visually-hidden">Name of the view, kept in this browser</span>
        <input
          type="text"
          maxLength={100}
          placeholder="Name, kept in this browser"
          value={name.value}
          onInput={(event) => (name.value = event.currentTarget.value)}
        />
      </label>
      <button type="submit" class="button">
        Save
      </button>
      {problem.value && <span role="alert">This browser keeps nothing for the page.</span>}
    </form>
  );
}
