import { countOf, formatShare } from '@spillway/core/amounts.ts';
import type { Overview } from '@spillway/web/api/schema.ts';
import type { ComponentChildren } from 'preact';
import { runCondition, runCost } from '../cloud-run/run-words.ts';
import { formatDuration } from '../format/duration.ts';
import { reasonLabel } from '../jobs/reasons.ts';
import { targetLabel } from '../jobs/words.ts';
import { now } from '../live/now.ts';

/** The dashboard's head: what is open where, how fast and at what cost it goes, and how the latest jobs were split. */
export function HeadFigures({ overview }: { overview: Overview | null }) {
  const waiting = sum(overview, 'queued');
  const processing = sum(overview, 'processing');
  const recent = overview?.recent;
  return (
    <section class="head-figures" aria-label="Overview">
      <dl class="figures">
        <Figure name="Waiting" value={waiting} note={bySide(overview, 'queued')} />
        <Figure name="Processing" value={processing} note={bySide(overview, 'processing')} />
        <Figure name="Median time" value={duration(recent?.p50Ms)} note="upload to outcome" />
        <Figure name="95th percentile" value={duration(recent?.p95Ms)} note="upload to outcome" />
        <RunFigures run={overview?.run ?? null} />
      </dl>
      <RoutingSplit recent={recent ?? null} />
    </section>
  );
}

/** Reads the clock by itself: a pause counts down. */
function RunFigures({ run }: { run: Overview['run'] | null }) {
  const [condition, why] = run ? runCondition(run, now.value) : [null, ' '];
  const [cost, limit] = run ? runCost(run) : [null, ' '];
  return (
    <>
      <Figure name="Cloud Run" value={condition} note={why} />
      <Figure name="Cloud Run’s cost" value={cost} note={limit} />
    </>
  );
}

function Figure({ name, value, note }: { name: string; value: ComponentChildren; note: string }) {
  return (
    <div class="figure">
      <dt>{name}</dt>
      <dd>
        <span class="figure-value">{value ?? '–'}</span>
        <span class="figure-note">{note}</span>
      </dd>
    </div>
  );
}

function RoutingSplit({ recent }: { recent: Overview['recent'] | null }) {
  const vm = recent?.byTarget.vm ?? 0;
  const run = recent?.byTarget.run ?? 0;
  const total = vm + run;
  const vmShare = total === 0 ? 0 : vm / total;
  const reasons = Object.entries(recent?.byReason ?? {}).sort(([, a], [, b]) => b - a);
  return (
    <div class="split">
      <h2 class="split-title">
        Where the latest jobs went
        <span>{recent ? `newest ${countOf(recent.jobs, 'job')}` : ''}</span>
      </h2>
      <div class="split-bar" aria-hidden="true">
        {total > 0 && <span class="split-side vm" style={{ width: `${vmShare * 100}%` }} />}
        {total > 0 && <span class="split-side run" style={{ width: `${(1 - vmShare) * 100}%` }} />}
      </div>
      {total === 0 ? (
        <p class="split-empty">No jobs yet.</p>
      ) : (
        <p class="split-legend">
          <span class="side vm">
            {targetLabel('vm')} <strong>{formatShare(vmShare)}</strong> <small>({vm})</small>
          </span>
          <span class="side run">
            {targetLabel('run')} <strong>{formatShare(1 - vmShare)}</strong> <small>({run})</small>
          </span>
        </p>
      )}
      <ul class="split-reasons">
        {reasons.map(([reason, count]) => (
          <li key={reason}>
            {reasonLabel(reason)} <strong>{count}</strong>
          </li>
        ))}
      </ul>
    </div>
  );
}

type Open = 'queued' | 'processing';

function sum(overview: Overview | null, what: Open): number | null {
  return overview && overview.open.vm[what] + overview.open.run[what];
}

function bySide(overview: Overview | null, what: Open): string {
  if (!overview) return ' ';
  return `VMs ${overview.open.vm[what]}, Cloud Run ${overview.open.run[what]}`;
}

function duration(milliseconds: number | null | undefined): string {
  return milliseconds === null || milliseconds === undefined ? '–' : formatDuration(milliseconds);
}
