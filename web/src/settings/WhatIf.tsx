import { useSignal } from '@preact/signals';
import { formatDollars } from '@spillway/core/amounts.ts';
import type { WhatIfGroup, WhatIfLine, WhatIfRequest, WhatIfResult } from '@spillway/core/what-if.ts';
import { useEffect, useRef } from 'preact/hooks';
import { HatchBar } from '../components/HatchBar.tsx';
import { TableScroll } from '../components/TableScroll.tsx';
import { formatDuration } from '../format/duration.ts';
import type { SettingsEditor } from './settings-editor.ts';
import { tryOut } from './what-if-run.ts';
import {
  basisWords,
  calibrationWords,
  p95Words,
  rowsOf,
  shareWords,
  sumOf,
  verdictWords,
} from './what-if-words.ts';

/** What the settings in the form would have done to the last hour or day, before they are saved. */
export function WhatIf({ editor }: { editor: SettingsEditor }) {
  const range = useSignal<WhatIfRequest['range']>('1h');
  const line = useSignal<WhatIfLine | null>(null);
  const run = useRef<AbortController | null>(null);
  useEffect(() => () => run.current?.abort(), []);
  const proposed = editor.proposed.value;
  const busy = line.value?.kind === 'progress';

  const begin = async () => {
    if (!proposed || busy) return;
    const leaving = new AbortController();
    run.current = leaving;
    line.value = { kind: 'progress', share: 0 };
    await tryOut(range.value, proposed, leaving.signal, (next) => {
      line.value = next;
    });
  };
  const cancel = () => {
    run.current?.abort();
    line.value = null;
  };
  return (
    <section class="what-if" aria-labelledby="what-if-title">
      <h3 id="what-if-title">What would it have done?</h3>
      <p class="quiet-words">
        Plays what was really sent with the settings in this form, before they are saved. Nothing is changed.
      </p>
      <div class="what-if-controls">
        <label>
          Over
          <select
            value={range.value}
            disabled={busy}
            onChange={(event) => (range.value = event.currentTarget.value as WhatIfRequest['range'])}
          >
            <option value="1h">the last hour</option>
            <option value="24h">the last 24 hours</option>
          </select>
        </label>
        <button type="button" class="button" aria-disabled={!proposed || busy} onClick={() => void begin()}>
          {busy ? 'Playing …' : 'Try it out'}
        </button>
        {busy && (
          <button type="button" class="button quiet" onClick={cancel}>
            Cancel
          </button>
        )}
      </div>
      {!proposed && <p class="option-problem">Some fields above are not valid.</p>}
      <div class="what-if-outcome" aria-live="polite">
        {line.value && <Outcome line={line.value} />}
      </div>
    </section>
  );
}

function Outcome({ line }: { line: WhatIfLine }) {
  switch (line.kind) {
    case 'progress':
      return <HatchBar label="Simulation" share={line.share} />;
    case 'failed':
      return <p class="option-problem">{line.why}</p>;
    case 'result':
      return <Result result={line} />;
    default:
      return line satisfies never;
  }
}

function Result({ result }: { result: WhatIfResult }) {
  const { basis, today, proposed } = result;
  const [before, after] = [sumOf(today.groups), sumOf(proposed.groups)];
  return (
    <>
      <p class="what-if-verdict">{verdictWords(result)}</p>
      <TableScroll label="Today’s settings and these, over the same arrivals">
        <table class="what-if-table">
          <thead>
            <tr>
              <th scope="col" rowSpan={2}>
                Operation
              </th>
              <th scope="col" rowSpan={2}>
                Jobs
              </th>
              <th scope="colgroup" colSpan={2}>
                Late
              </th>
              <th scope="colgroup" colSpan={2}>
                On Cloud Run
              </th>
              <th scope="colgroup" colSpan={2}>
                95 % done within
              </th>
            </tr>
            <tr>
              {['late', 'run', 'p95'].flatMap((what) => [
                <th scope="col" key={`${what} today`}>
                  today
                </th>,
                <th scope="col" key={`${what} these`}>
                  these
                </th>,
              ])}
            </tr>
          </thead>
          <tbody>
            {rowsOf(result).map((row) => (
              <tr key={row.key}>
                <th scope="row">
                  {row.name}
                  {row.class === 'bulk' && <small>large batches</small>}
                </th>
                <td>{row.today?.jobs ?? row.proposed?.jobs ?? 0}</td>
                <Shares today={row.today} proposed={row.proposed} of="missed" />
                <Shares today={row.today} proposed={row.proposed} of="onRun" />
                <td>{p95Words(row.today)}</td>
                <td class="these">{p95Words(row.proposed)}</td>
              </tr>
            ))}
          </tbody>
          <tfoot>
            <tr>
              <th scope="row">All</th>
              <td>{before.jobs}</td>
              <td>{shareWords(before.missed, before.jobs)}</td>
              <td class="these">{shareWords(after.missed, after.jobs)}</td>
              <td>{shareWords(before.onRun, before.jobs)}</td>
              <td class="these">{shareWords(after.onRun, after.jobs)}</td>
              <td colSpan={2}>
                Cloud Run {formatDollars(today.runDollars)} → {formatDollars(proposed.runDollars)}
              </td>
            </tr>
          </tfoot>
        </table>
      </TableScroll>
      <p class="what-if-calibration">{calibrationWords(result)}</p>
      <p class="quiet-words">
        {basisWords(basis)} {formatDuration(result.tookMs)}. VMs are paid for anyway, so their price is the
        same.
      </p>
      {basis.notes.length > 0 && (
        <ul class="quiet-words">
          {basis.notes.map((note) => (
            <li key={note}>{note}</li>
          ))}
        </ul>
      )}
    </>
  );
}

function Shares({
  today,
  proposed,
  of,
}: {
  today: WhatIfGroup | null;
  proposed: WhatIfGroup | null;
  of: 'missed' | 'onRun';
}) {
  const words = (group: WhatIfGroup | null) => (group ? shareWords(group[of], group.jobs) : '–');
  return (
    <>
      <td>{words(today)}</td>
      <td class="these">{words(proposed)}</td>
    </>
  );
}
