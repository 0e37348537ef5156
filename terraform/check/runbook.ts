import { definitionOf, metricNames, prometheusNameOf } from '@spillway/core/telemetry-metrics.ts';
import type { Plan, Planned } from './plan.ts';
import { filterFindings, metricsOf } from './policies/metrics.ts';
import { ofType, textAt } from './read-plan.ts';

/** Parts that every entry has, in this order. */
const parts = ['Means', 'People notice', 'Look at', 'Do', 'Over when', 'Why so'];

/** An entry of the runbook in docs/operations.md. */
interface Entry {
  title: string;
  text: string;
}

/** The title of an alarm, which is the heading of its entry. */
export const titleOf = (alarm: Planned): string =>
  textAt(alarm, 'display_name').replace(/^Spillway(:| in) /, '');

/** The address of a heading, as GitHub makes it. */
export const runbookAnchor = (title: string): string =>
  title
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');

/** The entries of the section `## Runbook`. */
function entriesOf(markdown: string): Entry[] {
  const [, section = ''] = /^## Runbook\n([\s\S]*?)(?=^## |(?![\s\S]))/m.exec(markdown) ?? [];
  return section
    .split(/^### /m)
    .slice(1)
    .map((entry) => {
      const [title = '', ...lines] = entry.split('\n');
      return { title, text: lines.join('\n') };
    });
}

/**
 * Holds the runbook against the alarms, both ways: a sentence for an alarm without an entry, an entry without an alarm, an
 * entry that lacks a part, and one that says something else than its alarm of how bad it is.
 * @param plans All choices of variables: some alarms are made by a choice only.
 */
export function heldAgainstRunbook(markdown: string, plans: readonly Plan[]): string[] {
  const entries = entriesOf(markdown);
  const severities = new Map(plans.flatMap(alarmsOf));
  return [
    ...[...severities.keys()]
      .filter((title) => !entries.some((entry) => entry.title === title))
      .map((title) => `The alarm "${title}" has no entry in the runbook.`),
    ...entries.flatMap(({ title, text }) => {
      const severity = severities.get(title);
      if (severity === undefined) return [`The runbook has "${title}", and there is no such alarm.`];
      const missing = parts.filter((part) => !text.includes(`- **${part}**: `));
      return [
        ...missing.map((part) => `"${title}" in the runbook does not say: ${part}.`),
        ...(text.trimStart().startsWith(`*${severity}*`)
          ? []
          : [`"${title}" in the runbook does not begin with *${severity}*.`]),
      ];
    }),
  ];
}

/** Names in Prometheus' style and filters of Cloud Monitoring that a page has in its code spans, and that nobody writes. */
export function unknownMetricsIn(markdown: string, plan: Plan): string[] {
  const spans = [...markdown.matchAll(/`([^`\n]+)`/g)].map(([, span = '']) => span);
  const metrics = metricsOf(plan);
  return [
    ...spans
      .flatMap((span) => span.match(/\bspillway_[a-z_]+/g) ?? [])
      .filter((name) => !prometheusNames.has(name)),
    ...spans
      .filter((span) => span.startsWith('metric.type = '))
      .filter((filter) => filterFindings(filter, metrics).length > 0),
  ];
}

/** Of each series. A histogram has three, and none of its own name. */
const prometheusNames = new Set(
  metricNames.flatMap((name) => {
    const own = prometheusNameOf(name);
    return definitionOf(name).kind === 'histogram' ? [`${own}_bucket`, `${own}_sum`, `${own}_count`] : [own];
  }),
);

/** Titles with severities, in words. The budget is Cloud Billing's own alarm, and has no severity there. */
function alarmsOf(plan: Plan): [string, string][] {
  return [
    ...ofType(plan, 'google_monitoring_alert_policy').map((alarm): [string, string] => [
      titleOf(alarm),
      severityWords[textAt(alarm, 'severity')] ?? '',
    ]),
    ...ofType(plan, 'google_billing_budget').map((): [string, string] => [budgetTitle, 'Warning']),
  ];
}

const budgetTitle = 'The budget of the month';
const severityWords: Record<string, string> = { CRITICAL: 'Critical', ERROR: 'Error', WARNING: 'Warning' };
