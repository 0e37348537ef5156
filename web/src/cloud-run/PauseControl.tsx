import { useSignal } from '@preact/signals';
import { longestPauseReason } from '@spillway/core/settings.ts';
import type { Overview } from '@spillway/web/api/admin-schema.ts';
import { runPauseSchema } from '@spillway/web/api/routing-schema.ts';
import type { TargetedSubmitEvent } from 'preact';
import { runCondition, runConditionWords } from '../cloud-run/run-words.ts';
import { requestJson } from '../http/request.ts';
import { now } from '../live/now.ts';

/** Whether Cloud Run takes work, why not, what ends that; and the way to pause it by hand, or to let it work again. */
export function PauseControl({ run }: { run: Overview['run'] | null }) {
  const note = useSignal<{ kind: 'done' | 'problem'; text: string } | null>(null);
  const busy = useSignal(false);
  const send = async (path: string, body: object | undefined, done: string) => {
    if (busy.value) return;
    busy.value = true;
    const reply = await requestJson(path, runPauseSchema, { method: 'POST', ...(body ? { body } : {}) });
    busy.value = false;
    note.value = reply.ok ? { kind: 'done', text: done } : { kind: 'problem', text: reply.failure.message };
  };
  const pause = async (event: TargetedSubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const data = new FormData(form);
    const minutes = String(data.get('minutes') ?? '');
    const body = {
      why: String(data.get('why') ?? ''),
      forSeconds: minutes === '' ? null : 60 * Number(minutes),
    };
    await send('/admin/cloud-run/pause', body, 'Paused. Routers go by it within 5 s.');
    if (note.value?.kind === 'done') form.reset();
  };
  if (!run) return <p class="quiet-words">Reading whether it takes work …</p>;
  const [word] = runCondition(run, now.value);
  const words = runConditionWords(run, now.value);
  return (
    <section class="run-pause" aria-labelledby="run-pause-title">
      <h2 id="run-pause-title">{word}</h2>
      <p class="run-condition">{words ?? 'It takes what the VMs cannot finish in time.'}</p>
      {words !== null && run.enabled && word !== 'Full' && (
        <button
          type="button"
          class="button"
          aria-disabled={busy.value}
          onClick={() => void send('/admin/cloud-run/resume', undefined, 'It takes work again, within 5 s.')}
        >
          Let it take work now
        </button>
      )}
      {run.enabled && run.pause === null && (
        <form class="pause-form" onSubmit={(event) => void pause(event)}>
          <label>
            Pause it, because
            <input
              name="why"
              type="text"
              required
              maxLength={longestPauseReason}
              placeholder="the bill is looked at"
            />
          </label>
          <label>
            For
            <select name="minutes">
              <option value="15">15 minutes</option>
              <option value="60">an hour</option>
              <option value="1440">a day</option>
              <option value="">until somebody ends it</option>
            </select>
          </label>
          <button type="submit" class="button" aria-disabled={busy.value}>
            Pause
          </button>
        </form>
      )}
      <p class={note.value?.kind === 'problem' ? 'option-problem' : 'quiet-words'} role="status">
        {note.value?.text}
      </p>
    </section>
  );
}
