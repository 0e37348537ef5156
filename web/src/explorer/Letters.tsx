import { useSignal } from '@preact/signals';
import { countOf } from '@spillway/core/amounts.ts';
import { type DeadLetterView, deadLettersSchema, replayedSchema } from '@spillway/web/api/admin-schema.ts';
import { useEffect } from 'preact/hooks';
import type { z } from 'zod';
import { ConfirmButton } from '../components/ConfirmButton.tsx';
import { Icon } from '../components/Icon.tsx';
import { formatMoment } from '../format/duration.ts';
import { displayName } from '../format/file-name.ts';
import { requestAction, requestJson } from '../http/request.ts';
import { jobPageUrl } from '../jobs/job-actions.ts';
import { stateLabel } from '../jobs/words.ts';
import { JobHistory } from './JobHistory.tsx';
import { JobPicture } from './JobPicture.tsx';
import { Poison } from './Poison.tsx';

/** Messages that nobody could handle, each to be replayed or thrown away. */
export function Letters() {
  const shown = useSignal<z.infer<typeof deadLettersSchema> | null>(null);
  const problem = useSignal<string | null>(null);
  /** What became of letters that this page has dealt with. */
  const news = useSignal<string | null>(null);
  async function load(): Promise<void> {
    const reply = await requestJson('/admin/dead-letters', deadLettersSchema);
    shown.value = reply.ok ? reply.value : null;
    problem.value = reply.ok ? null : reply.failure.message;
  }
  useEffect(() => void load(), []);
  async function replay({ id }: DeadLetterView): Promise<void> {
    const reply = await requestJson(`/admin/dead-letters/${encodeURIComponent(id)}/replay`, replayedSchema, {
      method: 'POST',
    });
    news.value = reply.ok ? replayedWords(reply.value) : reply.failure.message;
    await load();
  }
  async function discard({ id }: DeadLetterView): Promise<void> {
    const reply = await requestAction(`/admin/dead-letters/${encodeURIComponent(id)}`, { method: 'DELETE' });
    news.value = reply.ok ? 'The message is thrown away.' : reply.failure.message;
    await load();
  }
  return (
    <section class="letters" aria-label="Dead letters">
      <p class="section-note">
        Messages that nobody could handle, some at a time, and below them the jobs that stopped their workers
        again and again.
      </p>
      <p role="status">{news.value}</p>
      {problem.value !== null && <p class="notice">{problem.value}</p>}
      {shown.value?.kind === 'not_shown' && (
        <p class="notice">
          The dead letters cannot be shown: {shown.value.why} The dashboard’s account needs
          roles/pubsub.subscriber on jobs-dead-pull.
        </p>
      )}
      {shown.value === null && problem.value === null && <p class="explorer-loading">Looking …</p>}
      {shown.value?.kind === 'read' && shown.value.letters.length === 0 && (
        <p class="empty">There is none.</p>
      )}
      {shown.value?.kind === 'read' && (
        <ul class="causes">
          {shown.value.letters.map((letter) => (
            <Letter
              key={letter.id}
              letter={letter}
              onReplay={() => void replay(letter)}
              onDiscard={() => void discard(letter)}
            />
          ))}
        </ul>
      )}
      <h2 class="letters-head">Poison</h2>
      <Poison onNews={(words) => (news.value = words)} />
    </section>
  );
}

interface LetterProps {
  letter: DeadLetterView;
  onReplay(): void;
  onDiscard(): void;
}

function Letter({ letter, onReplay, onDiscard }: LetterProps) {
  const { job, object, problem, at, data, about } = letter;
  return (
    <li class="cause">
      {job ? <JobPicture job={job} /> : <span class="no-picture" aria-hidden="true" />}
      <div class="cause-words">
        <h3>{problem}</h3>
        <p>
          {job && (
            <>
              About <a href={jobPageUrl(job.id)}>{displayName(job.source.name)}</a>: {stateLabel(job)},{' '}
              {countOf(job.attempt, 'try', 'tries')}
              {job.error && `, ${job.error.message}`}
            </>
          )}
          {!job && about === 'job' && 'Its job is gone, or cannot be read.'}
          {about === 'upload' && (
            <>About the upload {object ? <code>{object}</code> : 'of an unknown object'}</>
          )}
          {about === 'unknown' && 'Nobody can tell what it was about.'}
        </p>
        {at && <p class="cause-times">Put aside {formatMoment(at)}</p>}
        {job && <JobHistory id={job.id} />}
        <details>
          <summary>
            <Icon name="more" />
            What the message had
          </summary>
          <pre class="letter-data">{data}</pre>
        </details>
      </div>
      <div class="cause-actions">
        {about !== 'unknown' && (
          <button type="button" class="button" onClick={onReplay}>
            Replay
          </button>
        )}
        <ConfirmButton
          label="Throw away"
          confirm="Really throw away?"
          subject="this message"
          icon="trash"
          onConfirm={onDiscard}
        />
      </div>
    </li>
  );
}

function replayedWords(replayed: z.infer<typeof replayedSchema>): string {
  if (replayed.kind === 'waits') return `${countOf(replayed.jobIds.length, 'job')} waits again.`;
  return replayed.why === 'ended'
    ? 'Its job has ended well since: there was nothing to do.'
    : 'Its job is gone: there was nothing to do.';
}
