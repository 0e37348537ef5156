import { jobClasses } from '@spillway/core/job.ts';
import { rangeShapes, ranges } from '@spillway/core/rollups/levels.ts';
import { formatMoment } from '../format/duration.ts';
import { operationLabel } from '../jobs/words.ts';
import { type AboutName, aboutNames, type OverviewView, queryOf } from './overview-address.ts';
import type { OverviewState } from './overview-state.ts';
import { rangeWords } from './range-words.ts';

const aboutWords: Record<AboutName, string> = {
  operation: 'Operation',
  worker: 'Worker',
  source: 'Source',
  owner: 'Owner',
};

/** Which time the charts have, what they are about, and whose times they draw. All of it is in the address. */
export function RangePicker({ state }: { state: OverviewState }) {
  const view = state.view.value;
  const to = (change: Partial<OverviewView>) => ({
    href: `/dashboard/${queryOf({ ...view, ...change })}`,
    onClick(event: MouseEvent) {
      if (event.metaKey || event.ctrlKey || event.shiftKey) return;
      event.preventDefault();
      state.show(change);
    },
  });
  const end = view.until?.getTime() ?? Date.now();
  const half = rangeShapes[view.range].ms / 2;
  const later = end + half >= Date.now() ? null : new Date(end + half);
  return (
    <div class="range-picker">
      <nav aria-label="Time" class="segments">
        {ranges.map((range) => (
          <a key={range} {...to({ range })} aria-current={range === view.range ? 'true' : undefined}>
            {rangeWords[range]}
          </a>
        ))}
      </nav>
      <div class="range-steps">
        <a class="button" {...to({ until: new Date(end - half) })}>
          Earlier
        </a>
        {view.until !== null && (
          <>
            <a class="button" {...to({ until: later })}>
              Later
            </a>
            <a class="button" {...to({ until: null })}>
              Now
            </a>
          </>
        )}
        <span class="range-words">
          {view.until === null ? 'up to now' : `up to ${formatMoment(view.until)}`}
        </span>
      </div>
      <AboutPicker state={state} />
      <fieldset class="segments" aria-label="Times of">
        {jobClasses.map((each) => (
          <button
            key={each}
            type="button"
            aria-pressed={each === view.class}
            onClick={() => state.show({ class: each })}
          >
            {each === 'interactive' ? 'Interactive' : 'Bulk'}
          </button>
        ))}
      </fieldset>
    </div>
  );
}

function AboutPicker({ state }: { state: OverviewState }) {
  const { about } = state.view.value;
  const choices = state.choices.value;
  const chosen = about === null ? '' : `${about.name}:${about.value}`;
  const choose = (key: string) => {
    const name = aboutNames.find((each) => key.startsWith(`${each}:`));
    state.show({ about: name ? { name, value: key.slice(name.length + 1) } : null });
  };
  return (
    <div class="about-picker">
      <label>
        <span>About</span>
        <select value={chosen} onChange={(event) => choose(event.currentTarget.value)}>
          <option value="">All jobs</option>
          {aboutNames.map((name) => {
            const values = new Set(choices?.[name] ?? []);
            // It may be of a time that the choices are not of.
            if (about?.name === name) values.add(about.value);
            if (values.size > 0 && name !== 'operation') values.add('others');
            return (
              values.size > 0 && (
                <optgroup key={name} label={aboutWords[name]}>
                  {[...values].map((value) => (
                    <option key={value} value={`${name}:${value}`}>
                      {name === 'operation' ? operationLabel(value) : value}
                    </option>
                  ))}
                </optgroup>
              )
            );
          })}
        </select>
      </label>
      {about !== null && (
        <button type="button" class="chip" onClick={() => state.show({ about: null })}>
          {aboutWords[about.name]}: {about.name === 'operation' ? operationLabel(about.value) : about.value}{' '}
          <span aria-hidden="true">×</span>
          <span class="visually-hidden">: show all jobs</span>
        </button>
      )}
    </div>
  );
}
