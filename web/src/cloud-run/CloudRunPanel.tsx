import { useSignal } from '@preact/signals';
import type { RunServiceDescription } from '@spillway/core/run-service.ts';
import { type CloudRunView, cloudRunSchema } from '@spillway/web/api/admin-schema.ts';
import { useEffect } from 'preact/hooks';
import type { AdminConnection } from '../admin/admin-connection.ts';
import { Icon } from '../components/Icon.tsx';
import { formatAge, formatMoment } from '../format/duration.ts';
import { requestJson } from '../http/request.ts';
import { now } from '../live/now.ts';
import {
  conditionNotes,
  instanceWords,
  limitWords,
  notShownWords,
  prewarmingLine,
  reachWords,
  scalingWords,
} from './cloud-run-words.ts';
import { runCondition } from './run-words.ts';

/** Cloud Run tells of no change, so it is asked again. Milliseconds. */
const askEveryMs = 10_000;

/** The service of Cloud Run: its scaling and prewarming, its revisions, and what is wrong with it. */
export function CloudRunPanel({ admin }: { admin: AdminConnection }) {
  const view = useSignal<CloudRunView | null>(null);
  const problem = useSignal<string | null>(null);
  useEffect(() => {
    const read = async () => {
      if (document.hidden) return;
      const reply = await requestJson('/admin/cloud-run', cloudRunSchema);
      problem.value = reply.ok ? null : reply.failure.message;
      if (reply.ok) view.value = reply.value;
    };
    void read();
    const timer = setInterval(() => void read(), askEveryMs);
    return () => clearInterval(timer);
  }, []);

  const { service, prewarming } = view.value ?? { service: null, prewarming: null };
  const description = service?.kind === 'read' ? service.description : null;
  return (
    <section class="cloud-run" aria-labelledby="cloud-run-title">
      <header class="section-head">
        <h2 id="cloud-run-title">Cloud Run</h2>
        <p>{description?.name.split('/').at(-1)}</p>
      </header>
      <div class="routing-sheet">
        <dl class="routing-summary">
          <InstanceFact admin={admin} />
          <Fact name="Minimum" words={description ? scalingWords(description) : ['–', ' ']} />
          <BreakerFact admin={admin} />
          <Fact name="Prewarming" words={prewarming ? prewarmingLine(prewarming) : ['–', ' ']} />
        </dl>
        <Notes lines={notesOf(problem.value, view.value, description)} />
        {description && description.revisions.length > 0 && <Revisions description={description} />}
        {prewarming && prewarming.changes.length > 0 && <Changes changes={prewarming.changes} />}
      </div>
    </section>
  );
}

function InstanceFact({ admin }: { admin: AdminConnection }) {
  const views = [...(admin.workers.value?.values() ?? [])].map(({ view, seenAt }) => ({
    ...view,
    ageMs: now.value - seenAt,
  }));
  return <Fact name="Instances" words={instanceWords(views)} />;
}

/** Reads the clock by itself: a pause counts down. */
function BreakerFact({ admin }: { admin: AdminConnection }) {
  const run = admin.overview.value?.run;
  return <Fact name="Takes work" words={run ? runCondition(run, now.value) : ['–', ' ']} />;
}

function Fact({ name, words: [value, note] }: { name: string; words: [string, string] }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {value}
        <small>{note}</small>
      </dd>
    </div>
  );
}

function notesOf(
  problem: string | null,
  view: CloudRunView | null,
  description: RunServiceDescription | null,
): string[] {
  const reach = view && reachWords(view.reach);
  const notShown = view && notShownWords(view);
  return [problem, reach, notShown, ...(description ? conditionNotes(description) : [])].filter(
    (note) => note !== null,
  );
}

function Notes({ lines }: { lines: string[] }) {
  if (lines.length === 0) return null;
  return (
    <ul class="cloud-run-notes">
      {lines.map((line) => (
        <li key={line}>{line}</li>
      ))}
    </ul>
  );
}

function Revisions({ description }: { description: RunServiceDescription }) {
  return (
    <ul class="cloud-run-revisions" aria-label="Revisions">
      {description.revisions.map((revision) => (
        <li key={revision.name}>
          <strong>{revision.traffic} %</strong>
          <code>{revision.name}</code>
          <span>{limitWords(revision)}</span>
          {revision.createdAt && (
            <span>
              since <Moment at={revision.createdAt} />
            </span>
          )}
        </li>
      ))}
    </ul>
  );
}

function Changes({ changes }: { changes: CloudRunView['prewarming']['changes'] }) {
  return (
    <details class="cloud-run-changes">
      <summary>
        <Icon name="more" />
        Changes by prewarming
      </summary>
      <ol>
        {changes.map(({ at, from, to, why }) => (
          <li key={at.getTime()}>
            <Moment at={at} />
            <span>
              {from} → {to}. {why}
            </span>
          </li>
        ))}
      </ol>
    </details>
  );
}

function Moment({ at }: { at: Date }) {
  return (
    <time dateTime={at.toISOString()} title={formatAge(now.value - at.getTime())}>
      {formatMoment(at)}
    </time>
  );
}
