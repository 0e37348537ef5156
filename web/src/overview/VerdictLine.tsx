import type { Verdict } from '@spillway/core/rollups/verdict.ts';
import { Icon } from '../components/Icon.tsx';
import { formatAge, formatMoment } from '../format/duration.ts';
import { now } from '../live/now.ts';

const places: Record<Extract<Verdict, { kind: 'wrong' }>['where'], { href: string; label: string }> = {
  overview: { href: '/dashboard/', label: 'Overview' },
  jobs: { href: '/dashboard/jobs/?state=failed', label: 'Failed jobs' },
  workers: { href: '/dashboard/workers/', label: 'Workers' },
  routing: { href: '/dashboard/routing/', label: 'Routing' },
  'cloud-run': { href: '/dashboard/cloud-run/', label: 'Cloud Run' },
};

/** Whether all is well, and if not: what is wrong, since when, and where to look. It has its line from the start. */
export function VerdictLine({ verdict }: { verdict: Verdict | null }) {
  return (
    <div
      class={`verdict ${verdict?.kind ?? 'unknown'}`}
      role={verdict?.kind === 'wrong' && verdict.urgent ? 'alert' : 'status'}
    >
      <Icon name={verdict?.kind === 'wrong' ? 'alert' : 'pulse'} />
      <p>
        {verdict === null ? 'Looking …' : verdict.sentence}
        {verdict?.kind === 'wrong' && <Since since={verdict.since} />}
      </p>
      {verdict?.kind === 'wrong' && (
        <a class="button" href={places[verdict.where].href}>
          Look at {places[verdict.where].label}
        </a>
      )}
    </div>
  );
}

function Since({ since }: { since: Date | null }) {
  if (since === null) return null;
  return (
    <>
      {' '}
      <time dateTime={since.toISOString()} title={formatMoment(since)}>
        Since {formatMoment(since)} ({formatAge(now.value - since.getTime())}).
      </time>
    </>
  );
}
