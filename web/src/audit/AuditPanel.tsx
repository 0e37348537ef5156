import { useSignal } from '@preact/signals';
import { type AuditView, auditPageSchema } from '@spillway/web/api/admin-schema.ts';
import { useEffect } from 'preact/hooks';
import { formatAge, formatMoment } from '../format/duration.ts';
import { requestJson } from '../http/request.ts';
import { now } from '../live/now.ts';
import { actionLabel, outcomeWords, whoLabel } from './audit-words.ts';

const pageSize = 30;

/** What admins did, the latest first. */
export function AuditPanel() {
  const entries = useSignal<readonly AuditView[] | null>(null);
  const cursor = useSignal<string | null>(null);
  const problem = useSignal<string | null>(null);

  const load = async (from: string | null) => {
    const more = from === null ? '' : `&cursor=${encodeURIComponent(from)}`;
    const reply = await requestJson(`/admin/audit?limit=${pageSize}${more}`, auditPageSchema);
    problem.value = reply.ok ? null : reply.failure.message;
    if (!reply.ok) return;
    entries.value = from === null ? reply.value.entries : [...(entries.peek() ?? []), ...reply.value.entries];
    cursor.value = reply.value.cursor;
  };

  useEffect(() => void load(null), []);
  return (
    <section class="audit" aria-label="What admins did">
      <p class="section-note">The latest first. It is kept for 400 days.</p>
      <div class="keys-sheet">
        <p class="keys-problem" role="alert">
          {problem.value}
        </p>
        {entries.value?.length === 0 && <p class="keys-none">Nothing yet.</p>}
        {entries.value && entries.value.length > 0 && (
          <ol class="audit-list">
            {entries.value.map((entry) => (
              <Entry key={entry.id} entry={entry} />
            ))}
          </ol>
        )}
        {cursor.value !== null && (
          <button type="button" class="button more" onClick={() => void load(cursor.value)}>
            Show more
          </button>
        )}
      </div>
    </section>
  );
}

function Entry({ entry }: { entry: AuditView }) {
  const { at, by, action, subject, detail, outcome, result } = entry;
  const ended = outcomeWords[outcome];
  return (
    <li>
      <time dateTime={at.toISOString()} title={formatAge(now.value - at.getTime())}>
        {formatMoment(at)}
      </time>
      <p>
        <strong>{whoLabel(by)}</strong> {actionLabel(action)} <code>{subject}</code>
        {ended && <span class="audit-outcome">{ended}</span>}
        {detail && <small class="audit-detail">{detail}</small>}
        {result && <small class="audit-detail">{result}</small>}
      </p>
    </li>
  );
}
