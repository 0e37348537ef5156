import { useSignal } from '@preact/signals';
import { countOf } from '@spillway/core/amounts.ts';
import { spanMeanings } from '@spillway/core/spans.ts';
import type { SpanView } from '@spillway/web/api/admin-schema.ts';
import type { JobView } from '@spillway/web/api/schema.ts';
import { useId } from 'preact/hooks';
import { Icon } from '../components/Icon.tsx';
import { formatDuration, offsetWords } from '../format/duration.ts';
import { targetLabel } from '../jobs/words.ts';
import { ticksOf, type WaterfallRow, type WaterfallRun, waterfallOf } from './waterfall.ts';

interface WaterfallProps {
  job: JobView;
  spans: readonly SpanView[];
  /** Milliseconds since 1970. */
  now: number;
}

/** The spans of a job as a table whose last column draws them over time: one table for each run. */
export function Waterfall({ job, spans, now }: WaterfallProps) {
  const runs = waterfallOf(job, spans, now);
  const first = runs[0]?.start ?? 0;
  return runs.map((run) => <Run key={run.run} run={run} isOnly={runs.length === 1} uploadedAt={first} />);
}

interface RunProps {
  run: WaterfallRun;
  isOnly: boolean;
  /** Start of the first run, in milliseconds since 1970. */
  uploadedAt: number;
}

function Run({ run, isOnly, uploadedAt }: RunProps) {
  const from =
    run.run === 1
      ? 'the upload'
      : `the retry${run.start > uploadedAt ? `, ${formatDuration(run.start - uploadedAt)} after the upload` : ''}`;
  const processes = new Set(run.rows.flatMap(({ span }) => span.instance ?? []));
  return (
    <table
      class="waterfall"
      style={{ '--step': `${(100 * run.axis.step) / (run.axis.to - run.axis.from)}%` }}
    >
      <caption>
        {!isOnly && <strong>Run {run.run}. </strong>}
        {countOf(run.rows.length, 'step')}
        {processes.size > 0 && ` in ${countOf(processes.size, 'process', 'processes')}`}. Times count from{' '}
        {from}
        {run.deadline !== null && '; the dashed line is the deadline'}.
        <span class="step-words"> There is a line every {formatDuration(run.axis.step)}.</span>
      </caption>
      <thead>
        <tr>
          <th scope="col">Step</th>
          <th scope="col" class="figure-cell">
            Start
          </th>
          <th scope="col" class="figure-cell">
            Took
          </th>
          <th scope="col" class="span-axis">
            <span class="visually-hidden">Drawn over time</span>
            <Ticks run={run} />
          </th>
        </tr>
      </thead>
      <tbody>
        {run.rows.map((row) => (
          <Row key={row.span.id} row={row} deadline={run.deadline} />
        ))}
      </tbody>
    </table>
  );
}

/** A label further to the right would reach over the edge. */
const lastLabel = 0.92;

function Ticks({ run }: { run: WaterfallRun }) {
  return (
    <span class="span-ticks" aria-hidden="true">
      {ticksOf(run.axis)
        .filter(({ at }) => at < lastLabel)
        .map(({ at, ms }) => (
          <span key={ms} style={{ left: `${100 * at}%` }}>
            {offsetWords(ms)}
          </span>
        ))}
    </span>
  );
}

function Row({ row, deadline }: { row: WaterfallRow; deadline: number | null }) {
  const isOpen = useSignal(false);
  const detailsId = useId();
  const { span, level, attempt } = row;
  const indent = { '--level': Math.min(level, mostLevels) };
  return (
    <>
      <tr>
        <th scope="row" style={indent}>
          <button
            type="button"
            class="span-toggle"
            aria-expanded={isOpen.value}
            aria-controls={detailsId}
            onClick={() => (isOpen.value = !isOpen.value)}
          >
            <Icon name="more" />
            <span class="span-name">{span.name}</span>
            {level > 0 && <span class="visually-hidden"> (level {level + 1})</span>}
            {attempt !== null && <span class="span-mark">attempt {attempt}</span>}
            {span.error !== null && <span class="span-mark failed">failed</span>}
          </button>
          <WhereAndWho row={row} />
          {span.error && <small class="span-error">{span.error}</small>}
          <Lane row={row} deadline={deadline} />
        </th>
        <td class="figure-cell">{offsetWords(row.startMs)}</td>
        <td class="figure-cell">{row.tookMs > 0 ? formatDuration(row.tookMs) : '–'}</td>
        <td class="span-track">
          <Lane row={row} deadline={deadline} />
        </td>
      </tr>
      <tr id={detailsId} class="span-details" hidden={!isOpen.value}>
        <td colSpan={3} style={indent}>
          {isOpen.value && <SpanDetails row={row} />}
        </td>
      </tr>
    </>
  );
}

/** On a narrow screen it is beneath the words of its row, and the column of its own is away. */
function Lane({ row: { span, target, bar }, deadline }: { row: WaterfallRow; deadline: number | null }) {
  const { left, width, isCut } = bar;
  const look = ['span-bar', target, span.error !== null && 'failed', isCut && 'cut']
    .filter(Boolean)
    .join(' ');
  return (
    <span class="span-lane" aria-hidden="true">
      <span class={look} style={{ left: `${100 * left}%`, width: `${100 * width}%` }} />
      {deadline !== null && <span class="span-deadline" style={{ left: `${100 * deadline}%` }} />}
    </span>
  );
}

function WhereAndWho({ row: { target, sentTo, who } }: { row: WaterfallRow }) {
  const side = who.length > 0 ? target : null;
  if (who.length === 0 && sentTo === null) return null;
  return (
    <small>
      {side && <span class={`side ${side}`}>{targetLabel(side)}</span>}
      {side && ' · '}
      {who.join(' · ')}
      {sentTo && (
        <>
          {who.length > 0 && ' · '}
          to <span class={`side ${sentTo}`}>{targetLabel(sentTo)}</span>
        </>
      )}
    </small>
  );
}

/** Rows that are nested more deeply are not moved further to the right. */
const mostLevels = 6;

function SpanDetails({ row: { span, startMs } }: { row: WaterfallRow }) {
  const meaning = spanMeanings[span.name as keyof typeof spanMeanings] as string | undefined;
  const facts = [
    ...(span.service === null ? [] : [['Program', span.service] as const]),
    ...(span.instance === null ? [] : [['Process', span.instance] as const]),
    ...Object.entries(span.attributes),
    ...span.events.map(({ name, atMs }) => [offsetWords(startMs + atMs - span.startMs), name] as const),
  ];
  return (
    <>
      {meaning && <p>{meaning}</p>}
      <dl class="job-facts">
        {facts.map(([name, value], index) => (
          <div key={index}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}
