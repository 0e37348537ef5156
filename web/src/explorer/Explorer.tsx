import { useSignal } from '@preact/signals';
import { countOf } from '@spillway/core/amounts.ts';
import { mostNamed } from '@spillway/core/mass-action.ts';
import { useEffect, useMemo } from 'preact/hooks';
import { ModalDialog } from '../components/ModalDialog.tsx';
import { jobPageUrl } from '../jobs/job-actions.ts';
import { Causes } from './Causes.tsx';
import { createExplorerAddress, filtersIn, searchOf } from './explorer-address.ts';
import { createExplorer, type Explorer, type StateCounts } from './explorer-state.ts';
import { FilterBar } from './FilterBar.tsx';
import { youngFilters } from './filter-words.ts';
import { JobRows } from './JobRows.tsx';
import { countWords } from './job-row-words.ts';
import { keyWords, listenToKeys } from './keyboard.ts';
import { Letters } from './Letters.tsx';
import { MassActionBar } from './MassActionBar.tsx';
import { createMassActions } from './mass-actions.ts';
import { Views } from './Views.tsx';
import { WrongAddress } from './WrongAddress.tsx';

const jobIdForm = /^[0-9a-f]{32}$/;

/** Finds jobs among all that there are, and does things to many of them at once. */
export function JobExplorer() {
  const address = useMemo(createExplorerAddress, []);
  const explorer = useMemo(() => createExplorer(address), [address]);
  const actions = useMemo(createMassActions, []);
  const selected = useSignal<ReadonlySet<string>>(new Set());
  const showsKeys = useSignal(false);
  useEffect(() => explorer.start(), [explorer]);
  useEffect(() => actions.start(), [actions]);
  const parameters = address.parameters.value;
  const filters = filtersIn(parameters);
  const search = searchOf(filters);
  useEffect(() => {
    selected.value = new Set();
  }, [search]);
  const name = parameters.get('name')?.trim() ?? '';
  useEffect(() => {
    // The id of a job is no word of a file's name: it leads to the job.
    if (jobIdForm.test(name)) location.replace(jobPageUrl(name));
  }, [name]);
  const list = explorer.list.value;
  const cursor = list.kind === 'page' ? list.cursor : null;
  useEffect(
    () =>
      listenToKeys({
        help: () => (showsKeys.value = true),
        earlier: () => cursor !== null && address.goTo(cursor),
        newest: () => showNewest(address, explorer),
        clearSelection: () => (selected.value = new Set()),
      }),
    [cursor],
  );
  const ended = actions.endedAt.value;
  useEffect(() => {
    if (ended > 0) explorer.reload();
  }, [ended]);

  const view = address.view.value;
  return (
    <section class="explorer" aria-label="Jobs">
      <Views address={address} onHelp={() => (showsKeys.value = true)} />
      {view !== 'letters' && list.kind !== 'wrong_address' && (
        <FilterBar address={address} counts={explorer.counts.value} />
      )}
      <MassActionBar actions={actions} />
      {view === 'letters' && <Letters />}
      {view === 'causes' && list.kind !== 'wrong_address' && <Causes address={address} actions={actions} />}
      {view !== 'letters' && list.kind === 'wrong_address' && (
        <WrongAddress address={address} errors={list.errors} />
      )}
      {view === 'jobs' && (
        <>
          {list.kind === 'failed' && <p class="notice">{list.why}</p>}
          {list.kind === 'loading' && <p class="explorer-loading">Looking for jobs …</p>}
          {list.kind === 'page' && (
            <>
              <ListHead explorer={explorer} address={address} />
              <SelectionBar
                ids={[...selected.value]}
                pageIds={list.jobs.map(({ id }) => id)}
                counts={explorer.counts.value}
                state={filters.get('state') ?? null}
                onAct={(kind, all) =>
                  void actions.prepare(
                    kind,
                    all ? Object.fromEntries(filters) : [...selected.value].slice(0, mostNamed),
                  )
                }
              />
              {list.jobs.length === 0 ? (
                <NothingFound filters={filters} leadsOn={list.cursor !== null} />
              ) : (
                <JobRows jobs={list.jobs} selected={selected} />
              )}
              <nav class="explorer-pages" aria-label="Pages">
                {parameters.has('cursor') && (
                  <button type="button" class="button" onClick={() => address.goTo(null)}>
                    Newest
                  </button>
                )}
                {list.cursor !== null && (
                  <button type="button" class="button" onClick={() => address.goTo(list.cursor)}>
                    Earlier jobs
                  </button>
                )}
              </nav>
            </>
          )}
        </>
      )}
      {showsKeys.value && <KeysDialog onClose={() => (showsKeys.value = false)} />}
    </section>
  );
}

type Address = ReturnType<typeof createExplorerAddress>;

function showNewest(address: Address, explorer: Explorer): void {
  if (address.parameters.peek().has('cursor')) address.goTo(null);
  else explorer.reload();
}

/** How many match, and that others have come. Rows never move by themselves. */
function ListHead({ explorer, address }: { explorer: Explorer; address: Address }) {
  const counts = explorer.counts.value;
  const arrived = explorer.arrivals.value;
  const state = address.parameters.value.get('state') ?? null;
  const filters = filtersIn(address.parameters.value);
  return (
    <header class="list-head">
      <p role="status">
        {counts ? `${totalWords(counts, state)} match` : 'Counting …'}
        {explorer.busy.value && ' · looking …'}
      </p>
      {arrived !== null && arrived.jobs > 0 && (
        <button type="button" class="button arrivals" onClick={() => showNewest(address, explorer)}>
          {countWords(arrived)} new {arrived.jobs === 1 ? 'job' : 'jobs'}
        </button>
      )}
      {youngFilters.some((name) => filters.has(name)) && (
        <p class="young-note">
          Jobs that had ended before Spillway kept names, sources and durations for searches are not found by
          these filters; 30 days after the update none is left.
        </p>
      )}
    </header>
  );
}

function totalWords(counts: StateCounts, state: string | null): string {
  const each = Object.entries(counts).filter(([name]) => state === null || name === state);
  const jobs = each.reduce((sum, [, count]) => sum + count.jobs, 0);
  const exact = each.some(([, count]) => count.exact === 'more_than')
    ? 'more_than'
    : each.some(([, count]) => count.exact === 'at_most')
      ? 'at_most'
      : 'exactly';
  return `${countWords({ jobs, exact })} ${jobs === 1 ? 'job' : 'jobs'}`;
}

interface SelectionBarProps {
  ids: readonly string[];
  pageIds: readonly string[];
  counts: StateCounts | null;
  state: string | null;
  onAct(kind: 'retry' | 'cancel' | 'delete', all: boolean): void;
}

/** What can be done to the chosen jobs, or to all that match. */
function SelectionBar({ ids, pageIds, counts, state, onAct }: SelectionBarProps) {
  const all = useSignal(false);
  const wholePage = pageIds.length > 0 && pageIds.every((id) => ids.includes(id));
  useEffect(() => {
    if (!wholePage) all.value = false;
  }, [wholePage]);
  const what = all.value
    ? counts
      ? `All ${totalWords(counts, state)}`
      : 'All jobs that match'
    : countOf(ids.length, 'job');
  return (
    <fieldset class="selection-bar plain-fieldset" data-any={ids.length > 0}>
      <legend class="visually-hidden">Selection</legend>
      {ids.length === 0 ? (
        <p>Select jobs to retry, cancel or delete them: one, a page, or all that match.</p>
      ) : (
        <>
          <p>
            <b>{what}</b> selected
          </p>
          {wholePage && !all.value && (
            <button type="button" class="button quiet" onClick={() => (all.value = true)}>
              Select all that match{counts && ` (${totalWords(counts, state)})`}
            </button>
          )}
          <button type="button" class="button" onClick={() => onAct('retry', all.value)}>
            Retry …
          </button>
          <button type="button" class="button" onClick={() => onAct('cancel', all.value)}>
            Cancel …
          </button>
          <button type="button" class="button" onClick={() => onAct('delete', all.value)}>
            Delete …
          </button>
        </>
      )}
    </fieldset>
  );
}

function NothingFound({ filters, leadsOn }: { filters: ReadonlyMap<string, string>; leadsOn: boolean }) {
  if (filters.size > 0) {
    return (
      <p class="empty">
        {leadsOn ? 'None among the newest. Look at earlier jobs.' : 'No job matches these filters.'}
      </p>
    );
  }
  return (
    <div class="empty">
      <p>No jobs yet.</p>
      <p class="for-visitors">
        <a href="/">Send a picture</a> and watch where it goes.
      </p>
    </div>
  );
}

function KeysDialog({ onClose }: { onClose(): void }) {
  return (
    <ModalDialog title="Keys" className="keys-dialog" onClose={onClose}>
      <dl class="key-list">
        {keyWords.map(([keys, words]) => (
          <div key={keys}>
            <dt>
              <kbd>{keys}</kbd>
            </dt>
            <dd>{words}</dd>
          </div>
        ))}
      </dl>
    </ModalDialog>
  );
}
