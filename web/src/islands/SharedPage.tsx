import '../http/no-eval.ts';
import { useSignal } from '@preact/signals';
import { countOf } from '@spillway/core/amounts.ts';
import { isTerminal } from '@spillway/core/job.ts';
import type { SharedBatch, SharedJob } from '@spillway/web/api/schema.ts';
import { useEffect } from 'preact/hooks';
import { Icon } from '../components/Icon.tsx';
import { startLearning } from '../operations/known-operations.ts';
import { SharedCard } from '../shares/SharedCard.tsx';
import { endWords } from '../shares/share-words.ts';
import { followShared, type SharedView, sharedPictures } from '../shares/shared-batch.ts';

/** What a private link shows: the pictures and results of one batch, read-only. */
export default function SharedPage() {
  const view = useSignal<SharedView>({ kind: 'opening' });
  useEffect(startLearning, []);
  useEffect(() => {
    let stop = () => {};
    // The token is behind the #: it reaches no server, proxy or log with the page's address.
    const begin = () => {
      stop();
      const following = followShared(location.hash.slice(1));
      const unsubscribe = following.view.subscribe((now) => {
        view.value = now;
      });
      stop = () => {
        unsubscribe();
        following.stop();
      };
    };
    begin();
    addEventListener('hashchange', begin);
    return () => {
      stop();
      removeEventListener('hashchange', begin);
    };
  }, [view]);

  const now = view.value;
  switch (now.kind) {
    case 'opening':
      return <p class="shared-state">Opening the link …</p>;
    case 'closed':
      return (
        <div class="shared-state" role="alert">
          <h1>Nothing to show</h1>
          <p>{now.message}</p>
        </div>
      );
    case 'open':
      return <SharedBatchView {...now} />;
    default:
      return now satisfies never;
  }
}

function SharedBatchView({ batch, jobs, problem }: Extract<SharedView, { kind: 'open' }>) {
  const pictures = sharedPictures(jobs);
  return (
    <>
      <header class="shared-head">
        <h1>{batch.name}</h1>
        <p>
          {countOf(pictures.length, 'picture')} · to look at and to download · {endWords(batch.validUntil)}
        </p>
        <SharedDownloads batch={batch} jobs={jobs} />
        <p role="status">{problem ?? workWords(jobs)}</p>
      </header>
      {pictures.length === 0 && (
        <p class="shared-state">No picture has arrived yet. They appear here by themselves.</p>
      )}
      <ul class="shared-pictures">
        {pictures.map((picture) => (
          <li key={picture.key}>
            <SharedCard share={batch.id} picture={picture} />
          </li>
        ))}
      </ul>
    </>
  );
}

function SharedDownloads({ batch, jobs }: { batch: SharedBatch; jobs: readonly SharedJob[] }) {
  const done = jobs.filter(({ state }) => state === 'succeeded');
  const base = `/api/v1/shared/${batch.id}`;
  if (done.length === 0) return null;
  return (
    <p class="shared-downloads">
      <a class="button primary" href={`${base}/archive`} download>
        <Icon name="download" />
        Download all as ZIP
      </a>
      {done.some(({ operation }) => operation === 'caption') && (
        <>
          <a class="button" href={`${base}/captions?format=csv`} download>
            Captions as CSV
          </a>
          <a class="button" href={`${base}/captions?format=txt`} download>
            Captions as text
          </a>
        </>
      )}
    </p>
  );
}

function workWords(jobs: readonly SharedJob[]): string | null {
  const open = jobs.filter(({ state }) => !isTerminal(state)).length;
  return open === 0
    ? null
    : `${countOf(open, 'result')} still in the making. They appear here by themselves.`;
}
