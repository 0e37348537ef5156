import { type ShareView, shareListSchema } from '@spillway/web/api/schema.ts';
import { useEffect, useState } from 'preact/hooks';
import { ConfirmButton } from '../components/ConfirmButton.tsx';
import { requestAction, requestJson } from '../http/request.ts';
import { endWords } from './share-words.ts';

/** The person's private links that open something, to end each; of one batch or of all. */
export function OwnLinks({ batch }: { batch?: string }) {
  const [shares, setShares] = useState<readonly ShareView[]>([]);
  const [problem, setProblem] = useState<string | null>(null);
  const load = async () => {
    const reply = await requestJson('/shares', shareListSchema);
    if (reply.ok) setShares(reply.value.shares);
    else setProblem(reply.failure.message);
  };
  useEffect(() => void load(), []);
  const revoke = async (id: string) => {
    const reply = await requestAction(`/shares/${id}/revoke`, { method: 'POST' });
    if (!reply.ok) setProblem(reply.failure.message);
    await load();
  };
  const valid = shares.filter(
    (share) =>
      share.revokedAt === null &&
      share.validUntil > new Date() &&
      (batch === undefined || share.batch === batch),
  );
  if (valid.length === 0 && problem === null) return null;
  return (
    <section aria-label="Private links">
      <h3>{batch === undefined ? 'Your private links' : 'Links to this batch'}</h3>
      <ul class="own-links">
        {valid.map(({ id, name, validUntil }) => (
          <li key={id}>
            <span>
              {name} · {endWords(validUntil)}
            </span>
            <ConfirmButton
              label="Revoke"
              confirm="Really revoke? It then opens nothing."
              subject={`the link to ${name}`}
              icon="close"
              onConfirm={() => void revoke(id)}
            />
          </li>
        ))}
      </ul>
      {problem && <p role="alert">{problem}</p>}
    </section>
  );
}
