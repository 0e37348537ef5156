import { z } from 'zod';
import { instant } from '../job.ts';
import { type Alert, alertSchema } from '../routing/alerts.ts';
import { shownText } from '../text.ts';
import { startOf } from './levels.ts';

const dayMs = 24 * 3_600_000;
/** Alerts of one day that are kept, those that began first. */
const mostOfADay = 500;
/** Bytes of an alert's sentence in the log. */
const longestMessage = 600;

/** An alert with its time. */
export const loggedAlertSchema = alertSchema.extend({
  beganAt: instant,
  /** Null while it goes on. */
  endedAt: instant.nullable(),
});
export type LoggedAlert = z.infer<typeof loggedAlertSchema>;

/** An alert that goes on, as the leader remembers it. */
export const openAlertSchema = alertSchema.extend({ beganAt: instant });
export type OpenAlert = z.infer<typeof openAlertSchema>;

/** The log of one day, by the days on which alerts began. */
export const alertDaySchema = z.array(loggedAlertSchema);

export function alertDayId(at: Date): string {
  return `alerts.${startOf(dayMs, at).toISOString().slice(0, 10)}`;
}

/** What is the same alert later on, though its sentence counts seconds. */
export function alertKey({ code, subject }: Pick<Alert, 'code' | 'subject'>): string {
  return `${code} ${subject ?? ''}`;
}

export interface AlertChange {
  open: OpenAlert[];
  /** Entries that are new, or that ended now. */
  changed: LoggedAlert[];
}

/** What the log has to learn from the alerts of now. Of two with the same key, the first counts. */
export function nextAlerts(open: readonly OpenAlert[], alerts: readonly Alert[], now: Date): AlertChange {
  const known = new Map(open.map((each) => [alertKey(each), each]));
  const current = new Map<string, Alert>();
  for (const alert of alerts) if (!current.has(alertKey(alert))) current.set(alertKey(alert), alert);
  const changed: LoggedAlert[] = [];
  const next: OpenAlert[] = [];
  for (const [key, alert] of current) {
    const before = known.get(key);
    const message = shownText(alert.message, longestMessage);
    const each = { ...alert, message, beganAt: before?.beganAt ?? now };
    next.push(each);
    if (!before) changed.push({ ...each, endedAt: null });
  }
  for (const [key, before] of known) if (!current.has(key)) changed.push({ ...before, endedAt: now });
  return { open: next, changed };
}

/** The log of a day with changed entries, each in the place of its earlier version. */
export function withEntries(day: readonly LoggedAlert[], changed: readonly LoggedAlert[]): LoggedAlert[] {
  const keyOf = (each: LoggedAlert) => `${alertKey(each)} ${each.beganAt.getTime()}`;
  const entries = new Map(day.map((each) => [keyOf(each), each]));
  for (const each of changed) entries.set(keyOf(each), each);
  return [...entries.values()].sort((a, b) => a.beganAt.getTime() - b.beganAt.getTime()).slice(0, mostOfADay);
}
