import { useSignal } from '@preact/signals';
import type { JobView } from '@spillway/web/api/schema.ts';
import { CopyButton } from '../components/CopyButton.tsx';
import { Icon } from '../components/Icon.tsx';
import { requestText } from '../http/request.ts';

/** The receipt beside the result, as it is in the bucket. It is read when it is opened. */
export function JobReceipt({ job }: { job: JobView }) {
  const text = useSignal<string | null>(null);
  const problem = useSignal<string | null>(null);
  if (!job.result) return <p class="quiet-words">There is one once the job has succeeded.</p>;
  const open = async (isOpen: boolean) => {
    if (!isOpen || text.value !== null) return;
    const reply = await requestText(`/admin/jobs/${encodeURIComponent(job.id)}/receipt`);
    problem.value = reply.ok ? null : reply.failure.message;
    if (reply.ok) text.value = indented(reply.value);
  };
  return (
    <details class="job-receipt" onToggle={(event) => void open(event.currentTarget.open)}>
      <summary>
        <Icon name="more" />
        {job.result.receipt.slice(job.result.receipt.lastIndexOf('/') + 1)}
      </summary>
      {problem.value && <p role="alert">{problem.value}</p>}
      {text.value !== null && (
        <>
          <CopyButton text={text.value} subject="the receipt" />
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: What scrolls must be reachable by keys. */}
          <pre tabIndex={0}>{text.value}</pre>
        </>
      )}
    </details>
  );
}

function indented(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
