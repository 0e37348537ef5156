import { countOf } from '@spillway/core/amounts.ts';
import { labelHeight, type PlacedLabel, placeLabels } from './labels.ts';
import type { Report } from './report.ts';

const size = { width: 960, height: 600 };
/** Of the plot; what lies below `zero` is the place of policies that miss nothing. */
const plot = { left: 76, right: 690, top: 64, bottom: 470, zero: 506 };
/** Colours for light and dark backgrounds, distinguishable with colour-blindness (after Okabe and Ito, 2008). */
const colours = [
  ['#d55e00', '#ff8c42'],
  ['#0072b2', '#56b4e9'],
  ['#009e73', '#3ddbae'],
  ['#8f5d86', '#e29fd2'],
  ['#8a6d00', '#e8c547'],
  ['#56616b', '#b8c4ce'],
  ['#a0306a', '#ff7fb0'],
  ['#3b4cc0', '#9db2ff'],
] as const;

interface Point {
  x: number;
  y: number;
  name: string;
  label: string;
  family: string;
  title: string;
}

/**
 * Cost against missed objectives as an SVG that needs nothing else: every policy a point, those of one family joined.
 * Misses are on a logarithmic axis, with a strip of its own for none.
 */
export function chartOf(report: Report): string {
  const families = [...new Set(report.policies.map(({ family }) => family))];
  const { x, y, xTicks, yTicks } = axes(report);
  const points = report.policies.map((policy): Point => {
    const { total } = policy.costPer1000;
    return {
      x: x(total),
      y: y(policy.missRate),
      name: policy.name,
      label: shortName(policy.name),
      family: policy.family,
      title: `${policy.name}: ${percent(policy.missRate)} missed, $${total.toFixed(4)} per 1,000 jobs`,
    };
  });
  const frame = {
    x: plot.left,
    y: plot.top - 10,
    width: plot.right - plot.left,
    height: plot.zero + 14 - plot.top + 10,
  };
  // Single policies first: their names matter more than those of a family's many members.
  const byWorth = points.toSorted((a, b) => b.label.length - a.label.length);
  const labels = placeLabels(
    byWorth.map((point) => ({ text: point.label, x: point.x, y: point.y })),
    frame,
  );
  const colourOf = (family: string) => `c${families.indexOf(family) % colours.length}`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${size.height}" role="img" aria-label="Cost against missed objectives">`,
    style(),
    `<rect class="paper" width="${size.width}" height="${size.height}"/>`,
    text(plot.left, 26, `Cost against missed objectives: ${report.trace}`, 'title'),
    text(plot.left, 46, subtitle(report), 'quiet'),
    `<rect class="strip" x="${plot.left}" y="${plot.zero - 16}" width="${plot.right - plot.left}" height="32"/>`,
    ...yTicks.map((share) => tick(y(share), share === 0 ? 'none' : percent(share))),
    ...xTicks.map((dollars) => text(x(dollars), plot.zero + 36, `$${dollars.toFixed(3)}`, 'quiet', 'middle')),
    text((plot.left + plot.right) / 2, plot.zero + 60, 'US dollars per 1,000 jobs', 'axis', 'middle'),
    `<text class="axis" text-anchor="middle" transform="translate(18 ${(plot.top + plot.bottom) / 2}) rotate(-90)">jobs that missed their objective</text>`,
    ...families.map((family) =>
      joined(
        points.filter((point) => point.family === family),
        colourOf(family),
      ),
    ),
    ...labels.filter(({ needsLine }) => needsLine).map(leader),
    ...points.map(
      (point) =>
        `<circle class="${colourOf(point.family)}" cx="${round(point.x)}" cy="${round(point.y)}" r="4.5"><title>${escaped(point.title)}</title></circle>`,
    ),
    ...labels.map(({ box, text: label }) => text(box.x + 1, box.y + labelHeight - 3, label, 'label')),
    ...families.map((family, index) => legend(family, index, colourOf(family))),
    '</svg>',
    '',
  ].join('\n');
}

function axes(report: Report) {
  const costs = report.policies.map(({ costPer1000 }) => costPer1000.total);
  const rates = report.policies.map(({ missRate }) => missRate).filter((rate) => rate > 0);
  const xTicks = niceTicks(Math.min(...costs), Math.max(...costs));
  const [low = 0, high = 1] = [xTicks[0], xTicks.at(-1)];
  const lowest = Math.min(-2, Math.floor(Math.log10(Math.min(0.01, ...rates))));
  const x = (dollars: number) =>
    plot.left + 24 + ((dollars - low) / (high - low)) * (plot.right - plot.left - 48);
  const y = (share: number) =>
    share === 0 ? plot.zero : plot.top + (Math.log10(share) / lowest) * (plot.bottom - plot.top);
  const decades = Array.from({ length: 1 - lowest }, (_, index) => 10 ** -index);
  return { x, y, xTicks, yTicks: [...decades, 0] };
}

/** Round numbers that enclose both. */
function niceTicks(least: number, most: number): number[] {
  const span = most - least || most || 1;
  const magnitude = 10 ** Math.floor(Math.log10(span / 4));
  const step = ([1, 2, 5, 10].find((factor) => span / (factor * magnitude) <= 6) ?? 10) * magnitude;
  const first = Math.floor(least / step);
  const last = Math.max(first + 1, Math.ceil(most / step));
  return Array.from({ length: last - first + 1 }, (_, index) => (first + index) * step);
}

/** Of a threshold its percentage, since the legend names its family. */
function shortName(name: string): string {
  return /^threshold-(\d+)/.exec(name)?.[1] ?? name;
}

function subtitle({ arrivals, load, seeds, scenario }: Report): string {
  const half = arrivals.half ? `, ${arrivals.half} half` : '';
  return `${Math.round(arrivals.jobs)} jobs, ${arrivals.ratePerSecond.toFixed(1)} per second${half}, load ${load.toFixed(2)} of the VMs, ${countOf(seeds, 'seed')}; ${scenario}`;
}

function joined(points: Point[], colour: string): string {
  if (points.length < 2) return '';
  return `<polyline class="${colour} line" points="${points.map((point) => `${round(point.x)},${round(point.y)}`).join(' ')}"/>`;
}

function leader({ x, y, box }: PlacedLabel): string {
  const nearX = Math.min(box.x + box.width, Math.max(box.x, x));
  const nearY = Math.min(box.y + box.height, Math.max(box.y, y));
  return `<line class="leader" x1="${round(x)}" y1="${round(y)}" x2="${round(nearX)}" y2="${round(nearY)}"/>`;
}

function legend(family: string, index: number, colour: string): string {
  const y = plot.top + 4 + index * 22;
  return `<circle class="${colour}" cx="${plot.right + 24}" cy="${y}" r="4.5"/>${text(plot.right + 36, y + 4, family, 'label')}`;
}

function tick(y: number, label: string): string {
  return `<line class="grid" x1="${plot.left}" y1="${round(y)}" x2="${plot.right}" y2="${round(y)}"/>${text(plot.left - 8, y + 4, label, 'quiet', 'end')}`;
}

function text(x: number, y: number, content: string, kind: string, anchor = 'start'): string {
  const side = anchor === 'start' ? '' : ` text-anchor="${anchor}"`;
  return `<text class="${kind}" x="${round(x)}" y="${round(y)}"${side}>${escaped(content)}</text>`;
}

function style(): string {
  const fills = (shade: 0 | 1) =>
    colours.map((pair, index) => `.c${index}{fill:${pair[shade]};stroke:${pair[shade]}}`).join('');
  return `<style>
text{font:11px system-ui,sans-serif;fill:#1d2733}.title{font-size:15px;font-weight:600}.quiet{fill:#56616b}.axis{font-size:12px}
.paper{fill:#fff}.strip{fill:#eef2f5}.grid{stroke:#d8dee4}.leader{stroke:#8b97a3}polyline.line{fill:none;stroke-opacity:.4}
${fills(0)}
@media (prefers-color-scheme:dark){text{fill:#e6edf3}.quiet{fill:#9aa7b4}.paper{fill:#0d1117}.strip{fill:#182029}.grid{stroke:#2b3540}.leader{stroke:#6b7884}
${fills(1)}}
</style>`;
}

function percent(share: number): string {
  return `${Number((100 * share).toPrecision(2))} %`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escaped(content: string): string {
  return content.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
