import { useSignal } from '@preact/signals';
import { manifestOf, operationNames } from '@spillway/core/operations.ts';
import { type Explanation, explanationSchema } from '@spillway/web/api/routing-schema.ts';
import type { TargetedSubmitEvent } from 'preact';
import { formatDuration } from '../format/duration.ts';
import { requestJson } from '../http/request.ts';
import { targetLabel } from '../jobs/words.ts';
import { knownOperations } from '../operations/known-operations.ts';
import { OtherSide } from '../routing/OtherSide.tsx';

/** A dry run: what the router would do with a picture that is not there, on the world as it is now. */
export function ExplainForm() {
  const answer = useSignal<Explanation | null>(null);
  const problem = useSignal<string | null>(null);
  const busy = useSignal(false);
  const submit = async (event: TargetedSubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (busy.value) return;
    busy.value = true;
    const body = askedIn(new FormData(event.currentTarget));
    const reply = await requestJson('/admin/explain', explanationSchema, { method: 'POST', body });
    busy.value = false;
    problem.value = reply.ok ? null : reply.failure.message;
    answer.value = reply.ok ? reply.value : null;
  };
  const names = knownOperations.value.length > 0 ? knownOperations.value : operationNames;
  return (
    <section class="explain" aria-labelledby="explain-title">
      <h2 id="explain-title">Where would a picture go?</h2>
      <p class="quiet-words">
        Asks the router about a picture that is not there, on the world as it is now. Nothing is written.
      </p>
      <form class="explain-form" onSubmit={(event) => void submit(event)}>
        <label>
          Operation
          <select name="operation">
            {names.map((name) => (
              <option key={name} value={name}>
                {manifestOf(name).words.label}
              </option>
            ))}
          </select>
        </label>
        <label>
          Size of the file (MB)
          <input name="size" type="number" min="0.001" max="67" step="any" value="2" required />
        </label>
        <label>
          Megapixels (empty: guessed)
          <input name="pixels" type="number" min="0.001" max="268" step="any" />
        </label>
        <label>
          Files in the drop
          <input name="files" type="number" min="1" max="10000" step="1" value="1" required />
        </label>
        <label>
          Class
          <select name="class">
            <option value="interactive">interactive</option>
            <option value="bulk">large batch</option>
          </select>
        </label>
        <label>
          Object name (empty: from the page)
          <input name="name" type="text" maxLength={1024} placeholder="camera/garden/1.jpg" />
        </label>
        <label>
          Owner, where no rule says
          <input name="owner" type="text" maxLength={200} />
        </label>
        <button type="submit" class="button" aria-disabled={busy.value}>
          {busy.value ? 'Asking …' : 'Explain'}
        </button>
      </form>
      <div role="status">
        {problem.value && <p class="option-problem">{problem.value}</p>}
        {answer.value && <Answer answer={answer.value} />}
      </div>
    </section>
  );
}

/** What was typed; what is empty is left out, and takes its default. */
function askedIn(form: FormData): object {
  const text = (name: string) => String(form.get(name) ?? '').trim();
  const number = (name: string, factor: number) => Math.max(1, Math.round(Number(text(name)) * factor));
  return {
    operation: text('operation'),
    size: number('size', 1e6),
    files: number('files', 1),
    class: text('class'),
    ...(text('pixels') === '' ? {} : { pixels: number('pixels', 1e6) }),
    ...(text('name') === '' ? {} : { name: text('name') }),
    ...(text('owner') === '' ? {} : { owner: text('owner') }),
  };
}

function Answer({ answer }: { answer: Explanation }) {
  const { route, class: jobClass, rule, owner, objectiveMs, deferred, pixels } = answer;
  const facts = [
    rule === null ? null : `the rule for ${rule}`,
    owner === null ? 'nobody’s' : `of ${owner}`,
    jobClass === 'bulk' ? 'a large batch' : 'interactive',
    `${(pixels / 1e6).toFixed(1)} megapixels`,
    `due within ${formatDuration(objectiveMs)}`,
  ].filter((fact) => fact !== null);
  return (
    <div class="explain-answer">
      <p>
        To <span class={`side ${route.target}`}>{targetLabel(route.target)}</span>. {route.explanation}
      </p>
      <p class="quiet-words">{facts.join(' · ')}</p>
      {deferred && (
        <p class="quiet-words">
          It would only be recorded at first; the sweep decides it within two seconds, by what is known then.
        </p>
      )}
      <OtherSide route={route} />
    </div>
  );
}
