import { useEffect, useRef } from 'preact/hooks';
import type uPlot from 'uplot';
import { now } from '../live/now.ts';
import { onThemeChange } from '../theme/theme.ts';
import { loadUPlot } from './load-uplot.ts';
import { windowMs } from './sample-window.ts';
import { tokenReader } from './token-reader.ts';

export interface Line {
  label: string;
  /** A custom property that holds the colour, as in `--blue`. */
  colour: string;
  filled: boolean;
  dash: number[] | null;
  values: number[];
}

interface LiveChartProps {
  /** What the chart says, for those who do not see it. */
  description: string;
  /** Seconds since 1970, one for each value. */
  times: number[];
  lines: Line[];
  /** Top of the vertical axis. */
  max: number;
  format(value: number): string;
}

const height = 84;

/** Lines over the last two minutes. The time axis runs on by itself, so that a silent worker is seen to be silent. */
export function LiveChart({ description, times, lines, max, format }: LiveChartProps) {
  const host = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const shown = useRef({ times, lines, max, format });
  shown.current = { times, lines, max, format };

  useEffect(() => {
    const element = host.current;
    if (!element) return;
    const stops: (() => void)[] = [];
    let ended = false;
    void loadUPlot().then((Plot) => {
      if (ended) return;
      const draw = () => {
        chart.current?.destroy();
        const { times, lines } = shown.current;
        const data: uPlot.AlignedData = [times, ...lines.map(({ values }) => values)];
        chart.current = new Plot(chartOptions(element, shown.current), data, element);
        showWindow(chart.current, now.peek());
      };
      draw();
      const resize = new ResizeObserver(() => chart.current?.setSize({ width: element.clientWidth, height }));
      resize.observe(element);
      stops.push(
        () => resize.disconnect(),
        onThemeChange(draw),
        now.subscribe((time) => chart.current && showWindow(chart.current, time)),
      );
    });
    return () => {
      ended = true;
      for (const stop of stops) stop();
      chart.current?.destroy();
      chart.current = null;
    };
  }, []);

  useEffect(() => {
    chart.current?.setData([times, ...lines.map(({ values }) => values)], false);
    chart.current?.redraw(true, false);
  });

  return (
    <>
      <div class="live-chart" role="img" aria-label={description} ref={host} style={{ height }} />
      <div class="chart-times" aria-hidden="true">
        <span>2 min ago</span>
        <span>now</span>
      </div>
    </>
  );
}

function showWindow(chart: uPlot, time: number): void {
  chart.setScale('x', { min: (time - windowMs) / 1_000, max: time / 1_000 });
}

function chartOptions(
  host: HTMLElement,
  shape: Pick<LiveChartProps, 'lines' | 'max' | 'format'>,
): uPlot.Options {
  const colour = tokenReader(host);
  const font = `11px ${getComputedStyle(host).fontFamily}`;
  const grid = { stroke: colour('--line'), width: 1 };
  return {
    width: host.clientWidth,
    height,
    padding: [6, 2, 6, 0],
    legend: { show: false },
    cursor: { show: false },
    scales: { x: { time: true, auto: false }, y: { range: () => [0, shape.max] } },
    axes: [
      { show: false },
      {
        font,
        stroke: colour('--ink-faint'),
        grid,
        ticks: { show: false },
        size: 38,
        gap: 4,
        splits: () => [0, shape.max / 2, shape.max],
        values: (_, splits) => splits.map(shape.format),
      },
    ],
    series: [
      {},
      ...shape.lines.map((line): uPlot.Series => {
        const stroke = colour(line.colour);
        const series: uPlot.Series = { label: line.label, stroke, width: 1.5, points: { show: false } };
        if (line.filled) series.fill = colour(`${line.colour}-wash`);
        if (line.dash) series.dash = line.dash;
        return series;
      }),
    ],
  };
}
