import {
  alertDayId,
  alertDaySchema,
  type LoggedAlert,
  nextAlerts,
  withEntries,
} from '@spillway/core/rollups/alert-log.ts';
import { keptRollupsMs } from '@spillway/core/rollups/levels.ts';
import type { Alert } from '@spillway/core/routing/alerts.ts';
import type { Ports } from '../ports/ports.ts';
import type { MetricsChange, ReadMetrics } from '../ports/rollups.ts';
import { jsonOf, readRollupState, stateChange } from './merge-shards.ts';

const dayMs = 24 * 3_600_000;

/** Notes which alerts have begun and which have ended. Throws `OutageError`. */
export async function logAlerts(
  alerts: readonly Alert[],
  { metricsDocuments, clock }: Pick<Ports, 'metricsDocuments' | 'clock'>,
): Promise<void> {
  const before = await readRollupState(metricsDocuments);
  const now = clock.now();
  const { open, changed } = nextAlerts(before.state.openAlerts, alerts, now);
  if (changed.length === 0) return;
  const byDay = Map.groupBy(changed, ({ beganAt }) => alertDayId(beganAt));
  const days = await metricsDocuments.get([...byDay.keys()]);
  const found = new Map(days.map((read) => [read.document.id, read]));
  const changes = [...byDay].map(([id, entries]): MetricsChange => {
    const day = found.get(id) ?? null;
    const content = JSON.stringify(withEntries(entriesOf(day), entries));
    const expiresAt = new Date(now.getTime() + keptRollupsMs);
    return { before: day, next: { id, content, expiresAt } };
  });
  await metricsDocuments.replace(
    [stateChange(before, { ...before.state, openAlerts: open }), ...changes],
    [],
  );
}

function entriesOf(day: ReadMetrics | null): LoggedAlert[] {
  const read = alertDaySchema.safeParse(day ? jsonOf(day.document.content) : []);
  return read.success ? read.data : [];
}

/** Alerts that went on within a time, the latest first: a document for each day, no more than `mostDays`. */
export async function readAlertLog(
  from: Date,
  until: Date,
  { metricsDocuments }: Pick<Ports, 'metricsDocuments'>,
): Promise<LoggedAlert[]> {
  // One that began earlier and still goes on is among the open ones.
  const [days, { state }] = await Promise.all([
    metricsDocuments.between(
      alertDayId(from),
      alertDayId(new Date(until.getTime() + dayMs)),
      keptRollupsMs / dayMs + 2,
    ),
    readRollupState(metricsDocuments),
  ]);
  const open = state.openAlerts.map((alert): LoggedAlert => ({ ...alert, endedAt: null }));
  return withEntries(days.flatMap(entriesOf), open)
    .filter(({ beganAt, endedAt }) => beganAt < until && (endedAt === null || endedAt >= from))
    .sort((a, b) => b.beganAt.getTime() - a.beganAt.getTime());
}
