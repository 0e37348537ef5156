import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type uPlot from 'uplot';
import { formatMoment } from '../format/duration.ts';
import { onThemeChange } from '../theme/theme.ts';
import { loadUPlot } from './load-uplot.ts';
import { tokenReader } from './token-reader.ts';

export interface ChartLine {
  label: string;
  /** A custom property that holds the colour, as in `--blue`. */
  colour: string;
  look: 'line' | 'dashed' | 'area' | 'bars';
  /** One for each time; null where nothing is known. */
  values: readonly (number | null)[];
  /** What is drawn in place of the values, where lines are stacked. */
  drawn?: readonly (number | null)[];
}

export interface ChartMark {
  at: Date;
  text: string;
}

interface TimeChartProps {
  title: string;
  /** What it shows, in a sentence. */
  note?: string;
  /** Beginnings of the steps, in milliseconds. */
  times: readonly number[];
  stepMs: number;
  /** The whole range, in milliseconds. */
  from: number;
  until: number;
  lines: readonly ChartLine[];
  marks: readonly ChartMark[];
  format(value: number): string;
  /** The least top of the vertical axis. */
  atLeast: number;
  /** Steps of the vertical axis, the smallest first; the chart's own where it is left out. */
  ticks?: number[];
  /** The top where it is fixed, such as 1 for shares. */
  max?: number;
  /** Charts with the same key show the same moment under the pointer. */
  group: string;
  /** Called with the step that was clicked, in milliseconds. */
  onPick?(at: number): void;
}

const height = 168;

/**
 * Lines over a range of time, with marks where something was changed. All charts of a group have one pointer. The values are
 * in a table, too, for those who do not see the lines and for those who want the numbers.
 */
export function TimeChart(props: TimeChartProps) {
  const { title, note, times, lines, format, marks } = props;
  const host = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const shown = useRef(props);
  shown.current = props;
  const pointed = useSignal<number | null>(null);
  const isOpen = useSignal(false);

  useEffect(() => {
    const element = host.current;
    if (!element) return;
    const stops: (() => void)[] = [];
    let ended = false;
    void loadUPlot().then((Plot) => {
      if (ended) return;
      const draw = () => {
        chart.current?.destroy();
        const options = chartOptions(element, shown, (index) => (pointed.value = index));
        chart.current = new Plot(options, dataOf(shown.current), element);
      };
      draw();
      const resize = new ResizeObserver(() => {
        if (element.clientWidth > 0) chart.current?.setSize({ width: element.clientWidth, height });
      });
      resize.observe(element);
      stops.push(() => resize.disconnect(), onThemeChange(draw));
    });
    return () => {
      ended = true;
      for (const stop of stops) stop();
      chart.current?.destroy();
      chart.current = null;
    };
  }, [lines.map(({ label }) => label).join(), props.max, props.atLeast]);

  useEffect(() => {
    chart.current?.setData(dataOf(props), true);
  });

  const at = pointed.value;
  return (
    <figure class="time-chart">
      <figcaption>
        <h3>{title}</h3>
        {note && <p>{note}</p>}
      </figcaption>
      <ul class="chart-legend">
        {lines.map(({ label, colour, look, values }) => (
          <li key={label}>
            <span class={`chart-key ${look}`} style={{ '--key': `var(${colour})` }} aria-hidden="true" />
            {label}
            {at !== null && <strong>{valueWords(values[at], format)}</strong>}
          </li>
        ))}
      </ul>
      <div class="chart-plot" ref={host} style={{ height }} aria-hidden="true" />
      <p class="chart-time" aria-hidden="true">
        {at === null ? ' ' : formatMoment(new Date(times[at] ?? 0))}
      </p>
      <details onToggle={(event) => (isOpen.value = event.currentTarget.open)}>
        <summary>{title} as a table</summary>
        {isOpen.value && <ChartTable {...{ title, times, lines, marks, format }} />}
      </details>
    </figure>
  );
}

/** Steps without any value are left out. */
function ChartTable({
  title,
  times,
  lines,
  marks,
  format,
}: Pick<TimeChartProps, 'title' | 'times' | 'lines' | 'marks' | 'format'>) {
  const rows = times.flatMap((time, index) =>
    lines.some(({ values }) => (values[index] ?? 0) !== 0) ? [{ time, index }] : [],
  );
  return (
    <div class="chart-table">
      <table>
        <caption class="visually-hidden">{title}</caption>
        <thead>
          <tr>
            <th scope="col">From</th>
            {lines.map(({ label }) => (
              <th key={label} scope="col" class="figure-cell">
                {label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ time, index }) => (
            <tr key={time}>
              <th scope="row">{formatMoment(new Date(time))}</th>
              {lines.map(({ label, values }) => (
                <td key={label} class="figure-cell">
                  {valueWords(values[index], format)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {marks.length > 0 && (
        <ul>
          {marks.map(({ at, text }) => (
            <li key={`${at.getTime()} ${text}`}>
              {formatMoment(at)}: {text}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

function valueWords(value: number | null | undefined, format: (value: number) => string): string {
  return value === null || value === undefined ? '–' : format(value);
}

function dataOf({ times, lines }: TimeChartProps): uPlot.AlignedData {
  return [times.map((time) => time / 1_000), ...lines.map(({ values, drawn }) => [...(drawn ?? values)])];
}

function chartOptions(
  host: HTMLElement,
  shown: { current: TimeChartProps },
  onPoint: (index: number | null) => void,
): uPlot.Options {
  const colour = tokenReader(host);
  const font = `12px ${getComputedStyle(host).fontFamily}`;
  const grid = { stroke: colour('--line'), width: 1 };
  const { group, lines } = shown.current;
  return {
    width: Math.max(1, host.clientWidth),
    height,
    padding: [8, 8, 0, 0],
    legend: { show: false },
    cursor: {
      drag: { x: false, y: false },
      points: { size: 6 },
      y: false,
      sync: { key: group, scales: ['x', null] },
    },
    scales: {
      x: { time: true, range: () => [shown.current.from / 1_000, shown.current.until / 1_000] },
      y: { range: (_chart, _min, max) => [0, topOf(max, shown.current)] },
    },
    axes: [
      {
        font,
        stroke: colour('--ink-soft'),
        grid,
        ticks: { show: false },
        size: 26,
        space: 90,
        values: timeWords,
      },
      {
        font,
        stroke: colour('--ink-soft'),
        grid,
        ticks: { show: false },
        size: 62,
        gap: 6,
        space: 36,
        ...(shown.current.ticks ? { incrs: shown.current.ticks } : {}),
        values: (_chart, splits) => splits.map((value) => shown.current.format(value)),
      },
    ],
    hooks: {
      setCursor: [(chart) => onPoint(chart.cursor.idx ?? null)],
      draw: [(chart) => drawMarks(chart, shown.current.marks, colour('--amber'))],
      ready: [
        (chart) =>
          chart.over.addEventListener('click', () => {
            const time = shown.current.times[chart.cursor.idx ?? -1];
            if (time !== undefined) shown.current.onPick?.(time);
          }),
      ],
    },
    series: [{}, ...lines.map((line) => seriesOf(line, colour))],
  };
}

function seriesOf(
  { label, colour: token, look }: ChartLine,
  colour: (token: string) => string,
): uPlot.Series {
  const stroke = colour(token);
  const series: uPlot.Series = { label, stroke, width: 1.6, points: { show: false }, spanGaps: false };
  // A value between two gaps has no line, and would not be seen.
  if (look === 'line' || look === 'dashed') series.points = { size: 4, fill: stroke, stroke };
  if (look === 'dashed') series.dash = [5, 4];
  if (look === 'area') series.fill = colour(`${token}-wash`);
  if (look === 'bars') {
    series.fill = stroke;
    series.width = 0;
    series.paths = (chart, index, from, to) => barPaths(chart, index, from, to);
  }
  return series;
}

/** A bar from the beginning of a step to its end, which the library's own bars, centred on a time, are not. */
function barPaths(chart: uPlot, index: number, from: number, to: number): uPlot.Series.Paths {
  const fill = new Path2D();
  const [times, values] = [chart.data[0], chart.data[index] ?? []];
  const step = (times[1] ?? 0) - (times[0] ?? 0);
  const floor = chart.valToPos(0, 'y', true);
  for (let at = from; at <= to; at++) {
    const value = values[at];
    const time = times[at];
    if (!value || time === undefined) continue;
    const left = chart.valToPos(time, 'x', true);
    const width = Math.max(1.5, chart.valToPos(time + step, 'x', true) - left - 1);
    const top = chart.valToPos(value, 'y', true);
    fill.rect(left, top, width, floor - top);
  }
  return { fill, stroke: null };
}

function topOf(max: number | null, { max: fixed, atLeast }: TimeChartProps): number {
  return fixed ?? Math.max(atLeast, (max ?? 0) * 1.08);
}

/** A thin line at each mark, over the whole height. */
function drawMarks(chart: uPlot, marks: readonly ChartMark[], stroke: string): void {
  const { ctx, bbox } = chart;
  ctx.save();
  ctx.strokeStyle = stroke;
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio]);
  for (const { at } of marks) {
    const x = Math.round(chart.valToPos(at.getTime() / 1_000, 'x', true));
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
  }
  ctx.restore();
}

const dayAndTime = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });
const timeOnly = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });

/** The time of day, and the date at midnight and where the ticks are days. */
function timeWords(_chart: uPlot, splits: number[]): string[] {
  return splits.map((seconds) => {
    const at = new Date(seconds * 1_000);
    return at.getHours() === 0 && at.getMinutes() === 0 ? dayAndTime.format(at) : timeOnly.format(at);
  });
}
