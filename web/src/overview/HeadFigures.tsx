import { countOf, formatDollars, formatShare } from '@spillway/core/amounts.ts';
import type { Overview } from '@spillway/web/api/admin-schema.ts';
import type { FiguresView, MetricsView } from '@spillway/web/api/metrics-schema.ts';
import type { ComponentChildren } from 'preact';
import { runCondition } from '../cloud-run/run-words.ts';
import { formatDuration } from '../format/duration.ts';
import { now } from '../live/now.ts';
import { Sparkline } from './Sparkline.tsx';

interface HeadFiguresProps {
  overview: Overview | null;
  metrics: MetricsView | null;
}

/** What is open now, and the figures of the chosen time. */
export function HeadFigures({ overview, metrics }: HeadFiguresProps) {
  const sum = metrics?.sum ?? null;
  return (
    <section class="head-figures" aria-label="Figures">
      <dl class="figures">
        <Figure name="Waiting now" value={open(overview, 'queued')} note={bySide(overview, 'queued')} />
        <Figure
          name="Processing now"
          value={open(overview, 'processing')}
          note={bySide(overview, 'processing')}
        />
        <Figure
          name="Jobs ended"
          value={sum && whole.format(ended(sum))}
          note={sum ? untoldWords(metrics) : ' '}
          spark={metrics?.points.map((point) => ended(point))}
        />
        <Failed sum={sum} metrics={metrics} />
        <Kept name="Interactive in time" sum={sum} of="interactive" metrics={metrics} />
        <Kept name="Bulk in time" sum={sum} of="bulk" metrics={metrics} />
        {sum?.classes.interactive.succeeded !== 0 && (
          <Figure
            name="Interactive, 95th percentile"
            value={duration(sum?.classes.interactive.total.p95)}
            note={sum ? `median ${duration(sum.classes.interactive.total.p50)}, upload to outcome` : ' '}
            spark={metrics?.points.map(({ classes }) => classes.interactive.total.p95 ?? 0)}
          />
        )}
        {(sum === null || ended(sum) > 0) && (
          <>
            <Dollars sum={sum} />
            <Saving sum={sum} />
          </>
        )}
        <RunCondition run={overview?.run ?? null} />
      </dl>
    </section>
  );
}

function Failed({ sum, metrics }: { sum: FiguresView | null; metrics: MetricsView | null }) {
  const failed = ({ classes: { interactive, bulk } }: FiguresView) => interactive.failed + bulk.failed;
  const refused = sum ? sum.classes.interactive.refused + sum.classes.bulk.refused : 0;
  return (
    <Figure
      name="Failed"
      value={sum && whole.format(failed(sum))}
      note={sum ? (failed(sum) === 0 ? 'none of them' : `${refused} for what was sent`) : ' '}
      tone={sum && failed(sum) > refused ? 'bad' : undefined}
      spark={metrics?.points.map(failed)}
    />
  );
}

function Kept({
  name,
  sum,
  of,
  metrics,
}: {
  name: string;
  sum: FiguresView | null;
  of: 'interactive' | 'bulk';
  metrics: MetricsView | null;
}) {
  const share = ({ classes }: FiguresView) => {
    const { kept, missed } = classes[of];
    return kept + missed === 0 ? null : kept / (kept + missed);
  };
  const whole = sum && share(sum);
  const missed = sum?.classes[of].missed ?? 0;
  // A class without jobs has nothing to say.
  if (sum && whole === null) return null;
  return (
    <Figure
      name={name}
      value={whole === null ? null : formatShare(whole, whole > 0.99 && whole < 1 ? 1 : 0)}
      note={sum ? `${countOf(missed, 'objective')} missed` : ' '}
      tone={whole !== null && whole < 0.9 ? 'attention' : undefined}
      spark={metrics?.points.map((point) => share(point) ?? 1)}
    />
  );
}

/** Measured by what jobs really took, beside what the decisions expected. */
function Dollars({ sum }: { sum: FiguresView | null }) {
  return (
    <Figure
      name="Cloud Run, measured"
      value={sum && formatDollars(sum.dollars.run)}
      note={sum ? `decisions expected ${formatDollars(sum.dollars.predictedRun)}` : ' '}
    />
  );
}

function Saving({ sum }: { sum: FiguresView | null }) {
  const dollars = sum?.dollars;
  const saved = dollars && dollars.allOnRun - dollars.run - dollars.besideVms;
  return (
    <Figure
      name="Saved on Cloud Run"
      value={saved === undefined ? null : formatDollars(saved)}
      note={
        dollars
          ? `all there: ${formatDollars(dollars.allOnRun)}${dollars.vms === null ? '' : `; VMs cost ${formatDollars(dollars.vms)}`}`
          : ' '
      }
    />
  );
}

/** Reads the clock by itself: a pause counts down. */
function RunCondition({ run }: { run: Overview['run'] | null }) {
  const [condition, why] = run ? runCondition(run, now.value) : [null, ' '];
  return <Figure name="Cloud Run" value={condition} note={why} />;
}

interface FigureProps {
  name: string;
  /** Null while it is read. */
  value: ComponentChildren;
  note: string;
  tone?: 'bad' | 'attention' | undefined;
  spark?: readonly number[] | undefined;
}

function Figure({ name, value, note, tone, spark }: FigureProps) {
  return (
    <div class={`figure ${tone ?? ''}`}>
      <dt>{name}</dt>
      <dd>
        <span class="figure-value">{value ?? <span class="figure-waits">…</span>}</span>
        <span class="figure-note">{note}</span>
      </dd>
      {spark && <Sparkline values={spark} />}
    </div>
  );
}

const whole = new Intl.NumberFormat('en');

type Open = 'queued' | 'processing';

function open(overview: Overview | null, what: Open): number | null {
  return overview && overview.open.vm[what] + overview.open.run[what];
}

function bySide(overview: Overview | null, what: Open): string {
  if (!overview) return ' ';
  return `VMs ${overview.open.vm[what]}, Cloud Run ${overview.open.run[what]}`;
}

function ended({ classes }: FiguresView): number {
  return classes.interactive.ended + classes.bulk.ended;
}

function untoldWords(metrics: MetricsView | null): string {
  const untold = metrics?.counted?.untold ?? 0;
  return untold === 0 ? 'of all states' : `${untold} more ended unseen: their program was killed`;
}

function duration(milliseconds: number | null | undefined): string | null {
  return milliseconds === undefined || milliseconds === null ? null : formatDuration(milliseconds);
}
