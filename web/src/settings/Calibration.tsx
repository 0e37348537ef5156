import { useSignal } from '@preact/signals';
import { formatShare } from '@spillway/core/amounts.ts';
import { type CalibrationView, calibrationViewSchema } from '@spillway/web/api/routing-schema.ts';
import { useEffect } from 'preact/hooks';
import { TableScroll } from '../components/TableScroll.tsx';
import { formatMoment } from '../format/duration.ts';
import { requestJson } from '../http/request.ts';

type ClassView = CalibrationView['classes'][number];

const classNames = { interactive: 'Interactive', bulk: 'Large batches' } as const;

/** How often what the router called in time was in time. */
export function Calibration() {
  const view = useSignal<CalibrationView | null>(null);
  const problem = useSignal<string | null>(null);
  const load = async () => {
    const reply = await requestJson('/admin/calibration', calibrationViewSchema);
    problem.value = reply.ok ? null : reply.failure.message;
    if (reply.ok) view.value = reply.value;
  };
  useEffect(() => void load(), []);
  const seen = view.value;
  return (
    <section class="calibration" aria-labelledby="calibration-title">
      <h2 id="calibration-title">Was “in time” in time?</h2>
      <p class="quiet-words" role="status">
        {problem.value ?? (seen ? basisWords(seen) : 'Reading the latest jobs …')}
      </p>
      {seen?.classes.map((each) => (
        <ClassTable key={each.class} view={each} />
      ))}
    </section>
  );
}

function basisWords({ reads, leftOut, from, to }: CalibrationView): string {
  if (!from || !to || reads === leftOut) return 'No job has ended yet that a router had predicted.';
  return `Of the newest ${reads} jobs, from ${formatMoment(from)} to ${formatMoment(to)}. ${leftOut} of them say nothing: not ended, refused for what was sent, or not predicted.`;
}

function ClassTable({ view }: { view: ClassView }) {
  const { saidInTime, saidLate } = view;
  return (
    <div class="calibration-class">
      <h3>{classNames[view.class]}</h3>
      <p>
        <strong>
          {saidInTime.jobs === 0
            ? 'None was called in time.'
            : `${formatShare(saidInTime.kept / saidInTime.jobs, 1)} of ${saidInTime.jobs} that were called in time were.`}
        </strong>{' '}
        {saidLate.jobs > 0 && `Of ${saidLate.jobs} that were called late, ${saidLate.kept} were in time.`}
      </p>
      <TableScroll label={`Predicted and seen chance to be in time, ${classNames[view.class]}`}>
        <table class="calibration-table">
          <thead>
            <tr>
              <th scope="col">Predicted chance</th>
              <th scope="col">Jobs</th>
              <th scope="col">Expected</th>
              <th scope="col">Seen</th>
              <th scope="col">95 % sure</th>
              <th scope="col">
                <span class="visually-hidden">Picture</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {view.bands.map((band) => (
              <tr key={band.from}>
                <th scope="row">
                  {formatShare(band.from)} to {formatShare(band.to)}
                </th>
                <td>{band.jobs}</td>
                <td>{formatShare(band.expected, 1)}</td>
                <td>{formatShare(band.kept / band.jobs, 1)}</td>
                <td>
                  {formatShare(band.low)} to {formatShare(band.high)}
                </td>
                <td>
                  <span class="calibration-bar" aria-hidden="true">
                    <span
                      class="calibration-interval"
                      style={{ left: `${100 * band.low}%`, width: `${100 * (band.high - band.low)}%` }}
                    />
                    <span class="calibration-expected" style={{ left: `${100 * band.expected}%` }} />
                  </span>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </TableScroll>
    </div>
  );
}
