import { countOf } from '@spillway/core/amounts.ts';
import { type Retention, retentionSchema } from '@spillway/web/api/schema.ts';
import { useEffect, useState } from 'preact/hooks';
import { ConfirmButton } from '../components/ConfirmButton.tsx';
import { HatchBar } from '../components/HatchBar.tsx';
import { requestJson } from '../http/request.ts';
import { OwnLinks } from '../shares/OwnLinks.tsx';
import type { UploadList } from '../uploads/upload-list.ts';
import { eraseEverything } from './erase-everything.ts';
import { type Erasure, erasure } from './erasure.ts';
import { afterDeletionWords, retentionWords } from './retention-words.ts';

export interface KeptWordsProps {
  list: UploadList;
}

/** How long things are kept, who can see them, the private links, and the way to delete everything. */
export function KeptWords({ list }: KeptWordsProps) {
  const [retention, setRetention] = useState<Retention | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const ask = async () => {
    const reply = await requestJson('/retention', retentionSchema);
    if (reply.ok) setRetention(reply.value);
    else setProblem(reply.failure.message);
  };
  useEffect(() => void ask(), []);
  const erase = async () => {
    await eraseEverything(list);
    // The page begins anew, as somebody who has nothing: its streams are those of the visitor who is gone.
    if (erasure.peek().kind === 'done') location.reload();
  };
  return (
    <div class="kept-words">
      {retention && [...retentionWords(retention)].map((words) => <p key={words}>{words}</p>)}
      <p>
        You see them in this browser alone, for it has a cookie that says they are yours, and so does whoever
        has a private link that you made. Admins of this site can see them too. Results keep no place and no
        camera of the original.
      </p>
      {retention && afterDeletionWords(retention).map((words) => <p key={words}>{words}</p>)}
      {problem && <p role="alert">{problem}</p>}
      <OwnLinks />
      <ErasureState state={erasure.value} />
      {erasure.value.kind !== 'running' && (
        <ConfirmButton
          label="Delete everything of mine"
          confirm="Really delete all pictures, results and links?"
          subject=""
          icon="trash"
          onConfirm={() => void erase()}
        />
      )}
    </div>
  );
}

function ErasureState({ state }: { state: Erasure }) {
  switch (state.kind) {
    case 'idle':
    case 'done':
      return null;
    case 'running': {
      const all = state.left === null ? null : state.deleted + state.left;
      return (
        <div>
          <p role="status">
            {all === null ? 'Deleting …' : `${state.deleted} of ${countOf(all, 'result')} deleted …`}
          </p>
          <HatchBar
            label="Deleting everything"
            share={all === null || all === 0 ? null : state.deleted / all}
          />
        </div>
      );
    }
    case 'failed':
      return (
        <p role="alert">
          {state.message} {state.deleted > 0 && `${countOf(state.deleted, 'result')} deleted so far. `}
          Press again to go on.
        </p>
      );
    default:
      return state satisfies never;
  }
}
