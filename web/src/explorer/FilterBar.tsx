import { useSignal } from '@preact/signals';
import { failureCodes } from '@spillway/core/errors.ts';
import { jobStates, routeReasons } from '@spillway/core/job.ts';
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { Icon } from '../components/Icon.tsx';
import { reasonLabel } from '../jobs/reasons.ts';
import { operationLabel, targetLabel } from '../jobs/words.ts';
import { knownOperations } from '../operations/known-operations.ts';
import type { ExplorerAddress } from './explorer-address.ts';
import { filtersIn } from './explorer-address.ts';
import type { StateCounts } from './explorer-state.ts';
import { filterNames, stateNames, withinChoices } from './filter-words.ts';
import { countWords, tookChoices } from './job-row-words.ts';

interface FilterBarProps {
  address: ExplorerAddress;
  counts: StateCounts | null;
}

const choice = (value: string, label: string) => ({ value, label });
const failureChoices = Object.keys(failureCodes).map((code) => choice(code, code.replaceAll('_', ' ')));
const reasonChoices = routeReasons.map((reason) => choice(reason, reasonLabel(reason)));
const targetChoices = (['vm', 'run'] as const).map((target) => choice(target, targetLabel(target)));
const classChoices = [choice('interactive', 'Interactive'), choice('bulk', 'Bulk')];
/** Filters that are seldom needed are out of the way until one is in the address. */
const seldom = ['class', 'reason', 'source', 'batch', 'upload', 'from', 'to', 'atLeast', 'below'] as const;

/** All filters. Each change is a new address. */
export function FilterBar({ address, counts }: FilterBarProps) {
  const filters = filtersIn(address.parameters.value);
  const value = (name: string) => filters.get(name) ?? '';
  const set = (name: string) => (next: string) => address.set({ [name]: next });
  const operations = knownOperations.value.map((name) => choice(name, operationLabel(name)));
  const open = useSignal(seldom.some((name) => filters.has(name)));
  return (
    <search class="explorer-filters" aria-label="Filters">
      <StateChips address={address} counts={counts} />
      <div class="filter-grid">
        <Typed
          label="File name or job id"
          name="name"
          value={value('name')}
          onSet={set('name')}
          hint="Whole words of the name, in any case; its beginning with * behind it: IMG_2024*"
        />
        <Chosen
          label="Created"
          value={value('within')}
          choices={withinChoices}
          none="At any time"
          onSet={set('within')}
        />
        <Chosen label="Operation" value={value('operation')} choices={operations} onSet={set('operation')} />
        <Chosen label="Side" value={value('target')} choices={targetChoices} onSet={set('target')} />
        <Chosen
          label="Cause of failure"
          value={value('error')}
          choices={failureChoices}
          onSet={set('error')}
        />
        <Typed label="Worker" name="worker" value={value('worker')} onSet={set('worker')} />
        <Typed label="Owner" name="owner" value={value('owner')} onSet={set('owner')} />
        <button
          type="button"
          class="button quiet"
          aria-expanded={open.value}
          aria-controls="more-filters"
          onClick={() => (open.value = !open.value)}
        >
          <Icon name="sliders" />
          {open.value ? 'Fewer filters' : 'More filters'}
        </button>
      </div>
      <div id="more-filters" class="filter-grid" hidden={!open.value}>
        <Chosen label="Class" value={value('class')} choices={classChoices} onSet={set('class')} />
        <Chosen
          label="Reason of the decision"
          value={value('reason')}
          choices={reasonChoices}
          onSet={set('reason')}
        />
        <Typed
          label="Source"
          name="source"
          value={value('source')}
          onSet={set('source')}
          hint="Bucket with a source rule's prefix, or with the first folder: uploads/cameras/"
        />
        <Typed label="Batch" name="batch" value={value('batch')} onSet={set('batch')} />
        <Moment label="Created from" value={value('from')} onSet={set('from')} />
        <Moment label="Created before" value={value('to')} onSet={set('to')} />
        <Chosen label="Took at least" value={value('atLeast')} choices={tookChoices} onSet={set('atLeast')} />
        <Chosen label="Took less than" value={value('below')} choices={tookChoices} onSet={set('below')} />
      </div>
      <ChosenFilters address={address} filters={filters} />
    </search>
  );
}

/** The states with the numbers of all jobs that match, and not of those that are loaded. */
function StateChips({ address, counts }: FilterBarProps) {
  const current = address.parameters.value.get('state');
  return (
    <fieldset class="state-chips plain-fieldset">
      <legend class="visually-hidden">State</legend>
      {jobStates.map((state) => (
        <button
          key={state}
          type="button"
          class="state-chip"
          aria-pressed={current === state}
          onClick={() => address.set({ state: current === state ? null : state })}
        >
          <span class={`state ${state}`}>{stateNames[state]}</span>
          <b>{counts ? countWords(counts[state]) : '…'}</b>
        </button>
      ))}
    </fieldset>
  );
}

/** What is filtered by, each to be taken away. */
function ChosenFilters({
  address,
  filters,
}: {
  address: ExplorerAddress;
  filters: ReadonlyMap<string, string>;
}) {
  if (filters.size === 0) return null;
  return (
    <ul class="chosen-filters" aria-label="Filters in use">
      {[...filters].map(([name, value]) => (
        <li key={name}>
          <button type="button" class="button quiet" onClick={() => address.set({ [name]: null })}>
            {filterNames[name] ?? name}: <b>{value}</b>
            <Icon name="close" />
            <span class="visually-hidden"> take this filter away</span>
          </button>
        </li>
      ))}
      <li>
        <button type="button" class="button quiet" onClick={() => address.open('')}>
          Take all away
        </button>
      </li>
    </ul>
  );
}

interface FieldProps {
  label: string;
  hint?: string | undefined;
  /** @param id Of the control, by which the label names it. */
  children(id: string): ComponentChildren;
}

function Field({ label, hint, children }: FieldProps) {
  const id = useId();
  return (
    <div class="filter-field" title={hint}>
      <label for={id}>{label}</label>
      {children(id)}
    </div>
  );
}

interface ChosenProps {
  label: string;
  value: string;
  choices: readonly { value: string; label: string }[];
  /** What it is called where nothing is chosen. */
  none?: string;
  onSet(value: string): void;
}

function Chosen({ label, value, choices, none = 'Any', onSet }: ChosenProps) {
  return (
    <Field label={label}>
      {(id) => (
        <select id={id} value={value} onChange={(event) => onSet(event.currentTarget.value)}>
          <option value="">{none}</option>
          {/* A value that there is not stays in the address until it is taken away. */}
          {value !== '' && !choices.some((each) => each.value === value) && (
            <option value={value}>{value}</option>
          )}
          {choices.map((each) => (
            <option key={each.value} value={each.value}>
              {each.label}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

interface TypedProps {
  label: string;
  name: string;
  value: string;
  hint?: string;
  onSet(value: string): void;
}

/** Text counts once it is whole: with the Enter key, or when the field is left. */
function Typed({ label, name, value, hint, onSet }: TypedProps) {
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (field.current) field.current.value = value;
  }, [value]);
  return (
    <Field label={label} hint={hint}>
      {(id) => (
        <input
          id={id}
          ref={field}
          type="text"
          name={name}
          defaultValue={value}
          autocomplete="off"
          spellcheck={false}
          onChange={(event) => onSet(event.currentTarget.value.trim())}
        />
      )}
    </Field>
  );
}

/** A time of the reader's own clock, which is an instant in the address. */
function Moment({ label, value, onSet }: { label: string; value: string; onSet(value: string): void }) {
  const instant = new Date(value);
  const shown = Number.isNaN(instant.getTime())
    ? ''
    : new Date(instant.getTime() - instant.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
  return (
    <Field label={label}>
      {(id) => (
        <input
          id={id}
          type="datetime-local"
          value={shown}
          onChange={(event) => {
            const { value: next } = event.currentTarget;
            onSet(next === '' ? '' : new Date(next).toISOString());
          }}
        />
      )}
    </Field>
  );
}
