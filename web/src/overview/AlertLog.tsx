import type { AlertLogView } from '@spillway/web/api/metrics-schema.ts';
import { formatDuration, formatMoment } from '../format/duration.ts';

/** When alerts of the chosen time began and ended. */
export function AlertLog({ log }: { log: AlertLogView | null }) {
  return (
    <section class="overview-table alert-log">
      <h2>Alerts</h2>
      {log === null || log.alerts.length === 0 ? (
        <p class="section-note">{log ? 'There was no alert in this time.' : 'Reading …'}</p>
      ) : (
        <div class="table-frame">
          <table>
            <caption class="visually-hidden">When alerts began and ended</caption>
            <thead>
              <tr>
                <th scope="col">Began</th>
                <th scope="col">Lasted</th>
                <th scope="col">What was wrong</th>
              </tr>
            </thead>
            <tbody>
              {log.alerts.map(({ code, subject, beganAt, endedAt, message }) => (
                <tr key={`${code} ${subject} ${beganAt.getTime()}`}>
                  <td>
                    <time dateTime={beganAt.toISOString()}>{formatMoment(beganAt)}</time>
                  </td>
                  <td class={endedAt ? '' : 'goes-on'}>
                    {endedAt ? formatDuration(endedAt.getTime() - beganAt.getTime()) : 'goes on'}
                  </td>
                  <td>{message}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}
